"""How large, how deep and how named code may be: source text in, complaints out."""

import ast
import re
import statistics
from collections.abc import Iterator, Mapping

EDGES = frozenset(
    {
        "imagehist/web/problems.py",
        "imagehist/web/background.py",
        "manifest_tools/__main__.py",
        "imagehist/imaging/child.py",
    }
)
BANNED_NAMES = frozenset(
    {"util", "utils", "helper", "helpers", "manager", "managers", "service", "services", "base"}
)
FILE_LINES, FUNCTION_LINES, NESTING = 300, 40, 3
FILE_MEDIAN, FUNCTION_MEDIAN = 100, 6

Function = ast.FunctionDef | ast.AsyncFunctionDef
BLOCKS = (
    ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match,
)  # fmt: skip


def dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def functions(text: str) -> list[Function]:
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, Function)]


def length(function: Function) -> int:
    """Lines from `def` to the end, the docstring not counted: explaining must cost nothing."""
    whole = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is None or len(function.body) == 1:
        return whole
    return whole - ((first.end_lineno or first.lineno) - first.lineno + 1)


def depth(node: ast.AST, chained: bool = False) -> int:
    """How deep blocks stand in blocks; an elif stands beside its if, an inner function begins anew."""
    own = isinstance(node, BLOCKS) and not chained
    deepest = 0
    for name, value in ast.iter_fields(node):
        values = value if isinstance(value, list) else [value]
        children = [child for child in values if isinstance(child, ast.AST)]
        elif_chain = isinstance(node, ast.If) and name == "orelse" and len(children) == 1
        for child in children:
            if not isinstance(child, Function | ast.ClassDef):
                deepest = max(deepest, depth(child, elif_chain and isinstance(child, ast.If)))
    return deepest + own


def check_size(path: str, text: str) -> Iterator[str]:
    lines = text.count("\n")
    if lines > FILE_LINES:
        yield f"{path}: {lines} lines, at most {FILE_LINES}"
    for function in functions(text):
        where = f"{path}:{function.lineno}: {function.name}"
        if length(function) > FUNCTION_LINES:
            yield f"{where} has {length(function)} lines, at most {FUNCTION_LINES}"
        if depth(function) > NESTING:
            yield f"{where} is nested {depth(function)} deep, at most {NESTING}"


def check_docstring(path: str, text: str) -> Iterator[str]:
    """A module begins with one sentence of one or two lines."""
    lead = (ast.get_docstring(ast.parse(text)) or "").split("\n\n")[0]
    if not lead.endswith(".") or lead.count("\n") > 1 or re.search(r"[.!?]\s+[A-Z]", lead):
        yield f"{path}: the module docstring is not one sentence: {lead!r}"


def caught(node: ast.AST) -> str:
    """What a handler catches, as written; a bare one catches `BaseException`."""
    if isinstance(node, ast.ExceptHandler):
        return ast.unparse(node.type) if node.type else "BaseException"
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
        return ", ".join(ast.unparse(argument) for argument in node.args)
    return ""


def check_excepts(path: str, text: str) -> Iterator[str]:
    """Only the four outer edges catch everything."""
    if path in EDGES:
        return
    for node in ast.walk(ast.parse(text)):
        if re.search(r"\b(?:Base)?Exception\b", caught(node)):
            yield f"{path}:{getattr(node, 'lineno', 0)}: catches everything"


def words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", name)}


def check_names(path: str, text: str) -> Iterator[str]:
    """Modules and classes are named after what they do."""
    classes = [node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)]
    for name in [*dotted(path).split("."), *classes]:
        if found := words(name) & BANNED_NAMES:
            yield f"{path}: {name} says {', '.join(sorted(found))}, not what it does"


def medians(modules: Mapping[str, str]) -> tuple[float, float]:
    """Median lines of a file and of a function; bare package markers and declarations are not counted."""
    files = [text.count("\n") for path, text in modules.items() if not path.endswith("__init__.py")]
    sizes = [length(function) for text in modules.values() for function in functions(text)]
    return statistics.median(files), statistics.median(sizes)
