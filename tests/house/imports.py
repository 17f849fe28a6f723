"""Who may import whom, and which room may touch what: source text in, complaints out."""

import ast
import sys
from collections.abc import Iterator, Mapping
from typing import NamedTuple

ADAPTERS = frozenset({"stores", "manifests", "indexes", "sinks", "imaging", "watching"})
BELOW_THE_SPINE = frozenset({"ports", "files", "settings", "model"})
BELOW_THE_EDGE = BELOW_THE_SPINE | {"opening", "actions", "spine", "front"}
ANNEX = BELOW_THE_SPINE - {"settings"} | {"spine"}

MAY_IMPORT: Mapping[str, frozenset[str]] = {
    "front": frozenset(),
    "model": frozenset(),
    "files": frozenset({"model"}),
    "settings": frozenset({"model"}),
    "ports": frozenset({"files", "settings", "model"}),
    "spine": BELOW_THE_SPINE,
    "actions": BELOW_THE_SPINE | {"spine"},
    **dict.fromkeys(ADAPTERS, BELOW_THE_SPINE),
    "references": ANNEX,
    "relay": ANNEX,
    "opening": BELOW_THE_SPINE | ADAPTERS | {"actions", "spine", "front"},
    "web": BELOW_THE_EDGE | {"references", "relay"},
    "manifest_tools": BELOW_THE_EDGE,
    "server": BELOW_THE_EDGE | {"web", "manifest_tools"},
}
SYNCHRONOUS = frozenset(MAY_IMPORT) - {"web", "server", "watching"}
VENDORS: Mapping[str, frozenset[str]] = {
    "aiohttp": frozenset({"web", "server"}),
    "jinja2": frozenset({"web"}),
    "babel": frozenset({"web"}),
    "itsdangerous": frozenset({"web"}),
    "rich": frozenset({"manifest_tools"}),
    "PIL": frozenset({"imaging"}),
    "pyvips": frozenset({"imaging"}),
    "numpy": frozenset({"imaging"}),
    "sqlite3": frozenset({"indexes"}),
}
IMPURE = frozenset(
    {
        "os",
        "io",
        "pathlib",
        "time",
        "socket",
        "ssl",
        "subprocess",
        "threading",
        "asyncio",
        "tempfile",
        "shutil",
        "sqlite3",
        "multiprocessing",
        "signal",
        "logging",
        "urllib",
        "http",
        "fcntl",
        "mmap",
        "glob",
    }
)
CODECS = frozenset({"msgspec", "orjson"})
FILE_CALLS = frozenset(
    {
        "open",
        "rename",
        "replace",
        "unlink",
        "remove",
        "mkdir",
        "makedirs",
        "rmdir",
        "fsync",
        "fdatasync",
        "link",
        "symlink",
        "truncate",
        "ftruncate",
        "pwrite",
        "write",
        "sync",
    }
)
THROUGH_FILES = frozenset({"stores", "manifests", "actions", "spine", "model", "ports"})


class Import(NamedTuple):
    """One imported name, written out in full: `imagehist.model.names.new_id`."""

    line: int
    target: str


def dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def room_of(name: str) -> str | None:
    """The room a dotted name lives in; None for what is not ours."""
    first, _, rest = name.partition(".")
    if first in ("server", "manifest_tools"):
        return first
    if first != "imagehist":
        return None
    second = rest.partition(".")[0]
    if not second or second.startswith("__"):
        return "front"
    if second == "atomic":  # the second storey of files.py: whole files out of its single operations
        return "files"
    return second if second in MAY_IMPORT else "spine"


def imports(path: str, text: str) -> Iterator[Import]:
    package = dotted(path).split(".")
    if not path.endswith("__init__.py"):
        package = package[:-1]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*above, *filter(None, [node.module])])
            yield from (Import(node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def check_direction(path: str, text: str) -> Iterator[str]:
    """Rooms import only what stands below them; actions and adapters stand apart."""
    own, own_room = dotted(path), room_of(dotted(path)) or "outside"
    for line, target in imports(path, text):
        room = room_of(target)
        if room is None:
            continue
        if room != own_room and room not in MAY_IMPORT.get(own_room, frozenset()):
            yield f"{path}:{line}: {own_room} imports {target} of {room}"
        elif room == own_room == "actions" and target.split(".")[2:3] not in ([], own.split(".")[2:3]):
            yield f"{path}:{line}: one action imports another: {target}"


def check_vendors(path: str, text: str) -> Iterator[str]:
    """A package from outside is named only in the room it was chosen for."""
    room = room_of(dotted(path))
    for line, target in imports(path, text):
        allowed = VENDORS.get(target.partition(".")[0])
        if allowed is not None and room not in allowed:
            yield f"{path}:{line}: {target.partition('.')[0]} belongs to {', '.join(sorted(allowed))}"


def check_purity(path: str, text: str) -> Iterator[str]:
    """The model computes: no files, no clock of its own, no waiting, nothing from outside but the codec."""
    if room_of(dotted(path)) != "model":
        return
    for line, target in imports(path, text):
        first = target.partition(".")[0]
        if first in IMPURE or first not in sys.stdlib_module_names | CODECS | {"imagehist"}:
            yield f"{path}:{line}: the model imports {first}"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("open", "print", "input"):
            yield f"{path}:{node.lineno}: the model calls {ast.unparse(node.func)}()"


def check_synchrony(path: str, text: str) -> Iterator[str]:
    """`async` means it may wait: only the rooms that serve clients do."""
    if room_of(dotted(path)) not in SYNCHRONOUS:
        return
    for line, target in imports(path, text):
        if target.startswith("asyncio"):
            yield f"{path}:{line}: asyncio below the web"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncWith | ast.AsyncFor):
            yield f"{path}:{node.lineno}: async below the web"


def check_file_calls(path: str, text: str) -> Iterator[str]:
    """Library files are touched through files.py alone, so that every fault can be injected there."""
    if room_of(dotted(path)) not in THROUGH_FILES:
        return
    for line, target in imports(path, text):
        if target.partition(".")[0] in ("shutil", "pathlib", "tempfile", "io", "fcntl"):
            yield f"{path}:{line}: {target} beside files.py"
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called == "open" or (called.startswith("os.") and called[3:] in FILE_CALLS):
            yield f"{path}:{node.lineno}: {called}() beside files.py"


def import_graph(modules: Mapping[str, str]) -> dict[str, set[str]]:
    """Who imports whom, by dotted name; an imported name counts for the module that holds it."""
    known = {dotted(path) for path in modules}
    graph: dict[str, set[str]] = {}
    for path, text in modules.items():
        named = [target for _, target in imports(path, text)]
        targets = {target if target in known else target.rpartition(".")[0] for target in named}
        graph[dotted(path)] = (targets & known) - {dotted(path)}
    return graph


def check_cycles(modules: Mapping[str, str]) -> list[str]:
    """Modules that cannot be put in an order: what is left when every free one is taken away."""
    left = import_graph(modules)
    while free := [name for name, targets in left.items() if not targets & left.keys()]:
        for name in free:
            del left[name]
    return [f"import cycle through {', '.join(sorted(left))}"] if left else []
