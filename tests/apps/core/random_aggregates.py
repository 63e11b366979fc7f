#!/usr/bin/env python3
"""Writes a header of random structures and unions: for the compiler, and as ffitap describes them."""

import random
import sys

SCALARS = {
    "int8_t": "INT8", "uint8_t": "UINT8", "int16_t": "INT16", "int32_t": "INT32", "int64_t": "INT64",
    "float": "FLOAT", "double": "DOUBLE", "long double": "LONGDOUBLE", "void *": "POINTER",
    "wchar_t": "WCHAR",
}
WEIGHTS = [3, 1, 3, 4, 3, 6, 4, 1, 2, 1]
COUNT = 300


# Each of these returns a declaration, a description, and where the bytes are that are no padding.
def scalar():
    (c_type,) = random.choices(list(SCALARS), WEIGHTS)
    size = "10" if c_type == "long double" else f"sizeof({c_type})"
    return f"{c_type} %s;", f"T({SCALARS[c_type]})", [("", size)]


def array(depth):
    declaration, description, places = member(depth - 1)
    length = random.choice([1, 2, 2, 3, 4, 5])
    every = [(f"[{i}]{path}", size) for i in range(length) for path, size in places]
    return declaration % f"%s[{length}]", f"array({description}, {length})", every


def composite(depth):
    kind = random.choice(["struct", "struct", "union"])
    declarations, descriptions, places = [], [], []
    for index in range(random.choice([1, 1, 2, 2, 3, 4])):
        declaration, description, inner = member(depth - 1)
        declarations.append(declaration % f"m{index}")
        descriptions.append(f'{{"m{index}", {description}}}')
        places += [(f".m{index}{path}", size) for path, size in inner]
    body = " ".join(declarations)
    return f"{kind} {{ {body} }} %s;", f"{kind.upper()}({', '.join(descriptions)})", places


def member(depth):
    if depth <= 0 or random.random() < 0.6:
        return scalar()
    return array(depth) if random.random() < 0.4 else composite(depth)


def main():
    random.seed(20)
    sys.stdout = open(sys.argv[1], "w")
    names = []
    for index in range(COUNT):
        declaration, description, places = composite(3)
        name = f"random_{index}"
        names.append(name)
        print(f"typedef {declaration % name}")
        print(f"#define DESCRIBE_{name} {description}")
        print(f"static unsigned sum_{name}(const {name} *value)\n{{\n    unsigned sum = 0;\n")
        for path, size in places:
            print(f"    sum = add_bytes(sum, &(*value){path}, {size});")
        print("    return sum;\n}\n")
    print("#define RANDOM_AGGREGATES(X)", *(f"X({name})" for name in names), sep=" \\\n    ")


if __name__ == "__main__":
    main()
