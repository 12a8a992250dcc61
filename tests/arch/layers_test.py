#!/usr/bin/env python3
"""Holds the tree to the dependency law: the postferry_module lines of src/CMakeLists.txt.

A module includes only headers of itself and of the modules its line names; no public header
includes a third-party header; a third-party header is included only where its library is linked;
the law has no cycle; the top level holds nothing but the agreed names.
"""
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
if ROOT.is_file():
    ROOT = ROOT.parents[2]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)

# third-party header prefix -> the library that a module's LINK must name
THIRD_PARTY = {
    "Poco/": "Poco::", "openssl/": "OpenSSL::", "fmt/": "fmt::", "zstd": "PkgConfig::ZSTD", "zlib.h": "ZLIB::",
    "sqlite3.h": "SQLite::", "nlohmann/": "nlohmann_json::", "toml++/": "tomlplusplus::", "CLI/": "CLI11::",
    "gmime/": "PkgConfig::GMIME", "glib": "PkgConfig::GLIB",
}

TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "src", "include", "profiles", "tests", "packaging", "README.md",
             "ARCHITECTURE.md", "LICENSE"}


def law():
    depends, links = {}, {}
    text = (ROOT / "src/CMakeLists.txt").read_text()
    for words in re.findall(r"^postferry_module\(([^)]*)\)", text, re.M):
        words = words.split()
        name, where = words[0], None
        depends[name], links[name] = set(), set()
        for word in words[1:]:
            if word in ("DEPENDS", "LINK"):
                where = depends if word == "DEPENDS" else links
            else:
                where[name].add(word)
    return depends, links


def sources(folder):
    return [p for p in sorted(folder.rglob("*")) if p.suffix in (".h", ".cpp")]


def third_party(header):
    return next((library for prefix, library in THIRD_PARTY.items() if header.startswith(prefix)), None)


def cycles(depends):
    done, path = set(), []

    def walk(name):
        if name in path:
            return path[path.index(name):] + [name]
        if name in done:
            return None
        path.append(name)
        for other in sorted(depends[name]):
            found = walk(other)
            if found:
                return found
        path.pop()
        done.add(name)
        return None

    return next((c for c in map(walk, sorted(depends)) if c), None)


# What git tracks; in a tree without git (a new machine, a tarball) what lies there.
def top_level():
    if shutil.which("git"):
        tracked = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True)
        if tracked.returncode == 0:
            return sorted({line.split("/")[0] for line in tracked.stdout.splitlines()})
    return sorted(path.name for path in ROOT.iterdir())


def main():
    depends, links = law()
    problems = []
    if len(depends) < 10:
        problems.append("src/CMakeLists.txt: fewer than ten postferry_module lines were understood")
    for name, wanted in depends.items():
        for other in wanted - depends.keys():
            problems.append(f"src/CMakeLists.txt: {name} depends on {other}, which is no module")
    cycle = cycles({n: d & depends.keys() for n, d in depends.items()})
    if cycle:
        problems.append("src/CMakeLists.txt: a cycle: " + " -> ".join(cycle))

    checked = 0
    for name in depends:
        allowed = depends[name] | {name}
        for public in (True, False):
            folder = ROOT / ("include/postferry" if public else "src") / name
            for path in sources(folder):
                checked += 1
                where = path.relative_to(ROOT)
                for style, header in INCLUDE.findall(path.read_text()):
                    ours = re.match(r"postferry/([a-z0-9_]+)/", header)
                    if ours and ours[1] not in allowed:
                        problems.append(f"{where}: includes <{header}>, but {name}'s line does not name {ours[1]}")
                    if style == '"' and "/" in header:
                        problems.append(f'{where}: includes "{header}": private headers are those of the same folder')
                    library = third_party(header)
                    if not library:
                        continue
                    if public:
                        problems.append(f"{where}: a public header includes <{header}>")
                    elif not any(link.startswith(library) for link in links[name]):
                        problems.append(f"{where}: includes <{header}>, but {name}'s line does not link {library}")
    if checked < 50:
        problems.append(f"only {checked} files were looked at: is this the right tree ({ROOT})?")

    for top in top_level():
        if top not in TOP_LEVEL and not top.startswith("."):
            problems.append(f"{top}: not one of the agreed names at the top of the tree")

    for problem in problems:
        print(problem)
    print(f"{checked} files checked, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
