# Completes ffitap's command lines in fish. The options, with what they do and take, are those that
# `ffitap COMMAND --help` lists; a test compares them.

# Prints the command and what stands behind it, up to and with the word that is being written.
function __ffitap_words
    set -l current (commandline -ct)
    set -l words (commandline -opc) "$current"
    set -e words[1]
    while set -q words[2]; and string match -q -- '-*' $words[1]
        set -e words[1]
    end
    printf '%s\n' $words
end

# Prints the program that the command is to run, and its words; fails while they are not there yet.
function __ffitap_program
    set -l words (__ffitap_words)
    set -q words[2]; and contains -- $words[1] doctor record stat; or return
    set -e words[1]
    while set -q words[1]
        switch $words[1]
            case --
                set -q words[2]; or return # the beginning of an option
                set -e words[1]
                break
            case -o --output --json --interval --filter -e --events -b --buffer-size
                set -e words[1]
                set -q words[1]; or return
                set -e words[1]
            case '-*'
                set -e words[1]
            case '*'
                break
        end
    end
    set -q words[1]; and printf '%s\n' $words
end

# Whether the next word is the command.
function __ffitap_lacks_command
    set -l words (__ffitap_words)
    not set -q words[2]
end

# Whether the command is $argv[1], and what is being written is the command's and not the program's.
function __ffitap_in
    set -l words (__ffitap_words)
    set -q words[2]; and test $words[1] = $argv[1]; and not __ffitap_program >/dev/null
end

# fish's own function would take the option before a = for a part of the name.
function __ffitap_directories
    __fish_complete_directories (string replace -r -- '^-[^=]*=' '' (commandline -ct))
end

complete -c ffitap -f
complete -c ffitap -n '__ffitap_program >/dev/null' -a '(__fish_complete_subcommand --commandline (__ffitap_program))'
complete -c ffitap -n 'not __ffitap_program >/dev/null' -s h -l help -d 'show this help'
complete -c ffitap -n 'not __ffitap_program >/dev/null' -l usage -d 'show the options in short'
complete -c ffitap -n 'not __ffitap_program >/dev/null' -s V -l version -d 'show the version'

complete -c ffitap -n __ffitap_lacks_command -a bench -d 'measure what tracing costs on this machine'
complete -c ffitap -n __ffitap_lacks_command -a doctor -d 'say what of a program can be seen here'
complete -c ffitap -n __ffitap_lacks_command -a help -d 'show this, or the manual page of a command'
complete -c ffitap -n __ffitap_lacks_command -a record -d 'run a program and record its foreign calls'
complete -c ffitap -n __ffitap_lacks_command -a report -d 'say what a recording holds'
complete -c ffitap -n __ffitap_lacks_command -a stat -d 'run a program and count its foreign calls'
complete -c ffitap -n __ffitap_lacks_command -a top -d 'watch the foreign calls of what runs'

complete -c ffitap -n '__ffitap_in bench' -l json -rF -d 'write the results as JSON into FILE, too; -: to standard output, without the table'
complete -c ffitap -n '__ffitap_in bench' -l rounds -x -d 'measure everything N times (default: 150)'

complete -c ffitap -n '__ffitap_in doctor' -l json -rF -d 'write the findings as JSON into FILE, too; -: to standard output, without the lines'

complete -c ffitap -n '__ffitap_in help; and test (count (__ffitap_words)) = 2' -a 'bench doctor help record report stat top tutorial events json limits'

complete -c ffitap -n '__ffitap_in record' -s o -l output -xa '(__ffitap_directories)' -d 'write the recording into DIR (default: ffitap.data)'
complete -c ffitap -n '__ffitap_in record' -s e -l events -xa 'calls detail loads' -d 'choose what is recorded (default: calls)'
complete -c ffitap -n '__ffitap_in record' -s b -l buffer-size -x -d 'buffer SIZE bytes of calls per CPU (with suffix K, M or G)'
complete -c ffitap -n '__ffitap_in record' -l filter -x -d 'record only calls of functions that match, or with ! do not'

complete -c ffitap -n '__ffitap_in report' -l json -d 'write the JSON report instead of the table'
complete -c ffitap -n '__ffitap_in report' -s o -l output -rF -d 'write to FILE, whole or not at all'
complete -c ffitap -n '__ffitap_in report' -a '(__ffitap_directories)'

complete -c ffitap -n '__ffitap_in stat' -s o -l output -xa '(__ffitap_directories)' -d 'keep the statistics in DIR for ffitap report'
complete -c ffitap -n '__ffitap_in stat' -l json -rF -d 'write the JSON report, too, into FILE'
complete -c ffitap -n '__ffitap_in stat' -l interval -x -d 'print what was counted so far every so many seconds'
complete -c ffitap -n '__ffitap_in stat' -l filter -x -d 'count only calls of functions that match, or with ! do not'

complete -c ffitap -n '__ffitap_in top' -l once -d 'print the table once'
complete -c ffitap -n '__ffitap_in top' -l interval -x -d 'read the statistics every so many seconds (default: 1)'
complete -c ffitap -n '__ffitap_in top' -l sort -xa 'calls time wait' -d 'put first what has most of it (default: time)'
complete -c ffitap -n '__ffitap_in top' -a '(__ffitap_directories) (__fish_complete_pids)'
