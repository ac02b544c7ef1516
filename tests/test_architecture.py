"""The house rules that a machine can hold: import directions, sizes, no stray output."""

import ast
from pathlib import Path

import pytest

import mailforensics

PACKAGE = Path(mailforensics.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
ROOMS = ("foundation", "simulation", "reading", "analysis", "review", "export", "show", "cli")
FOUNDATION = {"errors", "schema", "addresses"}
MODULE_LINES = 300
BODY_LINES = 40
PARAMETERS = 5
# Calls whose keywords are the fields of one public record, or the public contract of a table.
WIDE = {"ban_script", "candidates", "events", "export", "ingest", "record", "review"}
ONLY_IN = {"matplotlib": "show/plots", "ipywidgets": "show/widgets", "anywidget": "show/widgets"}


def room_of(dotted: str) -> str | None:
    """Return the room a module name belongs to, or None for the package itself."""
    parts = dotted.split(".")
    if parts[0] != "mailforensics" or len(parts) < 2:
        return None
    return "foundation" if parts[1] in FOUNDATION else parts[1]


def imports_of(path: Path) -> list[str]:
    """Return the absolute names that a module imports, in functions too."""
    tree = ast.parse(path.read_text("utf-8"))
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative imports hide the room"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_left(path: Path) -> None:
    """A module imports only from rooms to its left, or from its own."""
    own = room_of(
        "mailforensics." + path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".")
    )
    if path == PACKAGE / "__init__.py" or path == PACKAGE / "__main__.py":
        return
    for name in imports_of(path):
        room = room_of(name)
        if room is not None:
            assert ROOMS.index(room) <= ROOMS.index(own), f"{path.name} imports {name}"


def test_no_import_circles() -> None:
    """No two modules need each other to load."""
    graph = {}
    known = {
        p: "mailforensics." + p.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".")
        for p in MODULES
    }
    for path, dotted in known.items():
        wanted = imports_of(path)
        graph[dotted] = {
            other
            for other in known.values()
            if other != dotted and any(w == other or w.startswith(other + ".") for w in wanted)
        }
    done: set[str] = set()

    def visit(node: str, trail: tuple[str, ...]) -> None:
        assert node not in trail, " → ".join([*trail, node])
        if node not in done:
            for other in graph[node]:
                visit(other, (*trail, node))
            done.add(node)

    for node in graph:
        visit(node, ())


@pytest.mark.parametrize(("library", "home"), ONLY_IN.items())
def test_heavy_libraries_stay_in_their_module(library: str, home: str) -> None:
    """A server without matplotlib or ipywidgets can read logs and write a script."""
    for path in MODULES:
        relative = path.relative_to(PACKAGE).as_posix()
        if not relative.startswith(home):
            assert not any(n.split(".")[0] == library for n in imports_of(path)), relative


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_modules_stay_small_and_documented(path: Path) -> None:
    """A module has a docstring and fits the budgets for length, body and parameters."""
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "the module's job in one sentence is missing"
    assert text.count("\n") <= MODULE_LINES
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
        assert node.end_lineno - first.lineno + 1 <= BODY_LINES, node.name
        arguments = [
            a for a in node.args.args + node.args.kwonlyargs if a.arg not in {"self", "cls"}
        ]
        assert len(arguments) <= PARAMETERS or node.name in WIDE, node.name
