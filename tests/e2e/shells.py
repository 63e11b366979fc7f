"""bash, zsh and fish as they are on a terminal, asked what they would complete a line with."""

import os
import select
import subprocess
import threading
import time

# Each script is sourced with the fifo's name in $answers. The completions go there, one in each
# line with its description if it has one, and END after the last.
BASH = """
source /usr/share/bash-completion/bash_completion
_completion_loader ffitap
complete -W '--alpha --beta' ffitap-test-program
capture()
{
    _ffitap "$@"
    printf '%s\\n' "${COMPREPLY[@]}" END >"$answers"
}
complete -F capture ffitap
PS1=
echo END >"$answers"
"""
ZSH = """
autoload -Uz compinit
compinit -D -u
compdef '_arguments --alpha --beta' ffitap-test-program
bindkey -e
bindkey '^I' complete-word
unsetopt auto_list auto_menu
zstyle ':completion:*' list-grouped false # each option with its own description
compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then # it only asks
    builtin compadd "$@"
    return
  fi
  local -a found shown display
  zparseopts -E d:=display
  shown=("${(@P)display[2]}")
  builtin compadd -A found -D shown "$@"
  local number
  for number in {1..$#found}; do
    (( $#found )) && print -r -- "$found[number]"$'\\t'"${shown[number]#*-- }" >&$answer
  done
  builtin compadd "$@"
}
finish() {
  print -r -- END >&$answer
  comppostfuncs=(finish)
}
comppostfuncs=(finish)
zmodload zsh/zutil
exec {answer}>"$answers"
PROMPT= COLUMNS=300 # descriptions are not cut
print END >&$answer
"""
FISH = """
complete -c ffitap-test-program -f -l alpha
complete -c ffitap-test-program -f -l beta
"""


class OnTerminal:
    """A shell that a line is typed into, and then a tab."""

    def __init__(self, command, setup, folder, environment):
        self.fifo = folder / "answers"
        os.mkfifo(self.fifo)
        self.answers = os.open(self.fifo, os.O_RDWR)  # stays open when writers come and go
        self.terminal, its = os.openpty()
        script = folder / "setup"
        script.write_text(setup)
        variables = dict(environment, answers=str(self.fifo), TERM="vt100", INPUTRC="/dev/null")
        self.shell = subprocess.Popen(
            command, stdin=its, stdout=its, stderr=its, env=variables, cwd=folder / "home",
            start_new_session=True,
        )
        os.close(its)
        self.output = b""
        threading.Thread(target=self.drain, daemon=True).start()
        self.rest = b""
        self.type(f". {script}\n")
        self.answer()

    def drain(self):
        try:
            while part := os.read(self.terminal, 4096):
                self.output += part
        except OSError:  # the shell has ended
            pass

    def type(self, text):
        os.write(self.terminal, text.encode())

    def answer(self):
        end = time.monotonic() + 60
        while not (b"\n" + self.rest).endswith(b"\nEND\n"):
            if not select.select([self.answers], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"no answer; the terminal shows {self.output!r}")
            self.rest += os.read(self.answers, 65536)
        lines, self.rest = self.rest.decode().splitlines()[:-1], b""
        return [line for line in lines if line]

    def complete(self, line):
        self.type("\x15" + line + "\t")
        return dict((item + "\t").split("\t")[:2] for item in self.answer())

    def close(self):
        self.shell.kill()
        self.shell.wait()
        os.close(self.terminal)
        os.close(self.answers)


class Bash(OnTerminal):
    describes = False

    def __init__(self, folder, environment):
        super().__init__(["bash", "--norc", "-i"], BASH, folder, environment)


class Zsh(OnTerminal):
    describes = True

    def __init__(self, folder, environment):
        folders = f"fpath=({environment['XDG_DATA_DIRS']}/zsh/site-functions $fpath)\n"
        super().__init__(["zsh", "-f", "-i"], folders + ZSH, folder, environment)


class Fish:
    """A shell that tells what it would complete a line with."""

    describes = True

    def __init__(self, folder, environment):
        self.folder, self.environment = folder, environment

    def complete(self, line):
        done = subprocess.run(
            ["fish", "-c", FISH + "complete -C $argv[1]", line],
            env=self.environment,
            cwd=self.folder / "home",
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return dict((item + "\t").split("\t")[:2] for item in done.stdout.splitlines())

    def close(self):
        pass
