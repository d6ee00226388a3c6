#!/usr/bin/env python3
"""Shows which module uses which in every crate of the product, and fails on a circle.

A module is a file. An arrow goes from a file to each other file whose names it uses (`crate::…`, `super::…`), tests left
out. A file and the files below it belong together: arrows between a module and its own ancestors are not counted, because a
parent lists and re-exports its children. Circles are looked for between files, and between the top folders of a crate.

    .ci/arrows.py            prints circles; exit status 1 if there is one
    .ci/arrows.py --all      prints every arrow between the folders, too
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CRATES = sorted(path.parent for pattern in ("common", "functions/*", "infra/*") for path in ROOT.glob(f"{pattern}/src"))


def modules_of(crate):
    """The crate's modules: their paths as tuples, and their texts without comments and tests."""
    source = crate / "src"
    found = {}
    for path in sorted(source.rglob("*.rs")):
        if path.name in ("tests.rs", "main.rs") or "tests" in path.relative_to(source).parts:
            continue
        names = path.relative_to(source).with_suffix("").parts
        if names[-1] in ("mod", "lib"):
            names = names[:-1]
        text = re.sub(r"//[^\n]*", "", path.read_text())
        found[names] = re.split(r"#\[cfg\(test\)\]\s*mod tests", text)[0]
    return found


def expanded(tree):
    """`a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`."""
    head, brace, rest = tree.partition("{")
    if not brace:
        return [tree]
    parts, depth, part = [], 0, ""
    for letter in rest[: rest.rindex("}")]:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += letter
    return [one for part in [*parts, part] if part.strip() for one in expanded(head + part.strip())]


def used_paths(text):
    """Every path that starts at the crate, at a parent or at the module itself, whether in a `use` or in the code."""
    for tree in re.findall(r"\buse\s+((?:crate|super|self)\b[^;]*);", text):
        for path in expanded(re.sub(r"\s+", "", tree)):
            yield path.split("as")[0] if " as " in path else path
    yield from re.findall(r"\b((?:crate|super)(?:::\w+)+)", text)


def owner(path, module, modules, reexports):
    """The module in which the name at the end of a path is written down."""
    names = [name for name in path.split("::") if name]
    at = module
    while names and names[0] in ("crate", "super", "self"):
        first = names.pop(0)
        at = () if first == "crate" else at[:-1] if first == "super" else at
    while names and at + (names[0],) in modules:
        at += (names.pop(0),)
    if names and (at, names[0]) in reexports:
        return reexports[at, names[0]]
    return at


def reexports_of(modules):
    """Names that a module passes on: `(module, name) -> module that has it`."""
    found = {}
    for module, text in modules.items():
        for tree in re.findall(r"\bpub(?:\([^)]*\))?\s+use\s+([^;]*);", text):
            for path in expanded(re.sub(r"\s+", " ", tree).replace(" ", "")):
                names = path.split("::")
                if names[0] not in ("crate", "super", "self") and module + (names[0],) in modules:
                    path = "self::" + path
                if path.split("::")[0] in ("crate", "super", "self"):
                    found[module, names[-1]] = owner(path, module, modules, {})
    return found


def arrows_of(modules):
    """`(from, to)` for every pair of modules of which one uses the other and neither is the other's ancestor."""
    reexports = reexports_of(modules)
    found = set()
    for module, text in modules.items():
        for path in used_paths(text):
            to = owner(path, module, modules, reexports)
            related = to == module[: len(to)] or module == to[: len(module)]
            if to in modules and not related:
                found.add((module, to))
    return found


def circles(arrows):
    """Strongly connected groups of more than one, by Tarjan's algorithm."""
    below = {}
    for start, to in arrows:
        below.setdefault(start, set()).add(to)
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for to in sorted(below.get(node, ())):
            if to not in index:
                visit(to)
                low[node] = min(low[node], low[to])
            elif to in stack:
                low[node] = min(low[node], index[to])
        if low[node] == index[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in sorted(below):
        if node not in index:
            visit(node)
    return found


def main():
    sys.setrecursionlimit(10_000)
    faults = 0
    for crate in CRATES:
        modules = modules_of(crate)
        arrows = arrows_of(modules)
        folders = {(a[:1], b[:1]) for a, b in arrows if a and b and a[:1] != b[:1]}
        name = crate.relative_to(ROOT)
        if "--all" in sys.argv:
            for start, to in sorted(folders):
                print(f"{name}: {start[0]} -> {to[0]}")
        for kind, graph in (("files", arrows), ("folders", folders)):
            for group in circles(graph):
                faults += 1
                print(f"{name}: a circle of {kind}: {', '.join('::'.join(node) for node in group)}")
                for start, to in sorted(graph):
                    if start in group and to in group:
                        print(f"    {'::'.join(start)} -> {'::'.join(to)}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
