"""The house keeps its own rules: sizes, names, words and annotations, measured on the source itself."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent
SOURCE = HOME / "src" / "smalti"
FILES = sorted(SOURCE.rglob("*.py"))
ROOMS = sorted(path.parent.name for path in SOURCE.glob("*/__init__.py"))
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LINES, FUNCTION_LINES, PARAMETERS = 700, 60, 8


def named(path: Path) -> str:
    return path.relative_to(HOME).as_posix()


each_file = pytest.mark.parametrize("path", FILES, ids=named)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, FUNCTIONS))


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    given = function.args
    named_ones = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    rest = [one for one in (given.vararg, given.kwarg) if one is not None]
    return [one for one in named_ones + rest if one.arg not in ("self", "cls")]


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=HOME, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout, so it cannot be seen which files are the project's")
    return [HOME / name for name in listed.stdout.split("\0") if name and (HOME / name).is_file()]


def test_there_is_a_house_to_measure():
    assert len(FILES) > 50
    assert {"facts", "rules", "engine", "cli"} <= set(ROOMS)


@each_file
def test_sizes_stay_below_their_ceilings(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES
    for one in functions(path):
        first = min([one.lineno, *(decorator.lineno for decorator in one.decorator_list)])
        assert one.end_lineno - first + 1 <= FUNCTION_LINES, f"{one.name} is too long"
        assert len(parameters(one)) <= PARAMETERS, f"{one.name} takes too much"


@each_file
def test_everything_public_is_documented(path):
    def look(node: ast.AST, name: str) -> None:
        assert ast.get_docstring(node), f"{name} has no docstring"
        for child in node.body:
            if isinstance(child, (*FUNCTIONS, ast.ClassDef)) and not child.name.startswith("_"):
                inherited = any(
                    getattr(one, "attr", getattr(one, "id", "")) == "override" for one in child.decorator_list
                )
                if not inherited and not (isinstance(node, ast.ClassDef) and node.name.startswith("_")):
                    look(child, f"{name}.{child.name}") if isinstance(child, ast.ClassDef) else documented(child, name)

    def documented(function, name: str) -> None:
        assert ast.get_docstring(function), f"{name}.{function.name} has no docstring"

    look(ast.parse(path.read_text(encoding="utf-8")), path.stem)


@each_file
def test_everything_is_annotated(path):
    for one in functions(path):
        assert one.returns is not None, f"{one.name} does not say what it gives"
        lacking = [given.arg for given in parameters(one) if given.annotation is None]
        assert not lacking, f"{one.name} does not say what {', '.join(lacking)} is"


@each_file
def test_no_error_is_caught_without_being_named(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"line {node.lineno}"
            kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            assert not {getattr(kind, "id", "") for kind in kinds} & {"Exception", "BaseException"}, (
                f"line {node.lineno}"
            )


def test_no_file_or_room_is_a_drawer_for_everything():
    drawers = {"utils", "util", "common", "core", "helpers", "helper", "misc"}
    assert not [named(path) for path in (*FILES, *SOURCE.glob("*")) if path.stem in drawers]


@pytest.mark.parametrize("room", ["", *ROOMS])
def test_the_face_of_a_room_is_whole(room):
    name = f"smalti.{room}".rstrip(".")
    face = importlib.import_module(name)
    listed = face.__all__
    assert len(set(listed)) == len(listed)
    assert [one for one in listed if not hasattr(face, one)] == []
    tree = ast.parse((SOURCE / room / "__init__.py").read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("smalti")
        for alias in node.names
    }
    made = {
        node.name
        for node in tree.body
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and not node.name.startswith("_")
    }
    inner = {"begin_project"} if not room else set()
    assert (imported | made) - inner - set(listed) == set()


@pytest.mark.parametrize("room", ROOMS)
def test_the_face_of_a_room_is_a_map_of_it(room):
    told = ast.get_docstring(ast.parse((SOURCE / room / "__init__.py").read_text(encoding="utf-8"))) or ""
    modules = {path.stem for path in (SOURCE / room).glob("*.py")} - {"__init__", "version"}
    assert [one for one in sorted(modules) if f"`{one}`" not in told] == []


@pytest.mark.parametrize("room", ROOMS)
def test_the_plan_of_the_house_shows_every_room(room):
    assert f"`{room}/`" in (HOME / "ARCHITECTURE.md").read_text(encoding="utf-8")


def test_no_file_speaks_of_a_machine_or_of_where_packages_come_from():
    hosts = "pypi" + r"\.org|pythonhosted|index-url|extra-index|artifactory|nexus|jfrog|devpi"
    places = r"(?<![\w.~*/-])/(?:home|Users|root|work|mnt|srv)/[\w.-]+"
    forbidden = re.compile(f"{hosts}|{places}", re.IGNORECASE)
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [
            f"{named(path)}: {match[0]}" for match in forbidden.finditer(text) if path != Path(__file__).resolve()
        ]
    assert found == []


def test_constraints_hold_names_and_versions_only():
    lines = (HOME / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 20
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9][\w.-]*==\d[\w.!+]*", line)] == []
    names = [re.sub(r"[-_.]+", "-", line.split("==")[0]).lower() for line in lines]
    assert len(set(names)) == len(names)


def test_every_dependency_is_pinned():
    import tomllib  # noqa: PLC0415 - only here

    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    pinned = {
        re.sub(r"[-_.]+", "-", line.split("==")[0]).lower() for line in (HOME / "constraints.txt").read_text().split()
    }
    assert [
        one for one in wanted if re.sub(r"[-_.]+", "-", re.split(r"[<>=\[;! ]", one)[0]).lower() not in pinned
    ] == []


def test_the_read_me_speaks_only_of_commands_and_options_that_exist():
    from typer.main import get_command  # noqa: PLC0415 - only here

    from smalti.cli.app import app  # noqa: PLC0415 - only here

    commands = get_command(app).commands
    pages = [HOME / "README.md", *HOME.glob("docs/*.md"), HOME / "CONTRIBUTING.md"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in pages)
    blocks = re.findall(r"(?s)```(?:console|sh|bash|shell)?\n(.*?)```", text) + re.findall(r"`(smalti [^`\n]*)`", text)
    said = [line.removeprefix("$ ").strip() for block in blocks for line in block.splitlines()]
    said = [line.split("#")[0].strip() for line in said if re.match(r"smalti [a-z-]", line)]
    assert said, "the read me shows no command"
    for line in said:
        word = line.split()[1]
        assert word in commands or word.startswith("-"), line
        known = (
            {option for one in commands[word].params for option in one.opts} | {"--help"} if word in commands else set()
        )
        assert set(re.findall(r"(?<=\s)--[a-z-]+", line)) <= known | {"--version", "--help"}, line


def test_the_targets_that_the_read_me_names_are_there():
    targets = set(re.findall(r"(?m)^([a-z]+):", (HOME / "Makefile").read_text(encoding="utf-8")))
    said = re.findall(
        r"\bmake ([a-z]+)\b", "\n".join(re.findall(r"`[^`]+`|```.*?```", (HOME / "README.md").read_text(), re.S))
    )
    assert set(said) <= targets
    assert {"demo", "test"} <= targets


def blocks(language: str) -> list[str]:
    return re.findall(rf"(?s)```{language}\n(.*?)```", (HOME / "README.md").read_text(encoding="utf-8"))


def test_the_definitions_in_the_read_me_are_right():
    from smalti.project import parse_project  # noqa: PLC0415 - only here

    assert blocks("yaml")
    for block in blocks("yaml"):
        parse_project(block, "README.md")


def test_the_python_in_the_read_me_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = (f"C{n % 50},2026-0{n % 6 + 1}-{n % 27 + 1:02},{n % 9 + 1}.50\n" for n in range(200))
    (tmp_path / "orders.csv").write_text("customer,date,amount\n" + "".join(rows), encoding="utf-8")
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), {})  # noqa: S102 - the read me is ours
    assert "C42" in capsys.readouterr().out
    assert len(list((tmp_path / ".smalti" / "runs").glob("*/run.json"))) == 2
