"""The README files: their length, their links and their code."""

import doctest
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parent.parent
READMES = (ROOT / "README.md", *sorted(ROOT.glob("*/README.md")))
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
each = pytest.mark.parametrize("path", READMES, ids=lambda path: str(path.relative_to(ROOT)))


def anchors(path):
    """The anchors of the headings of a file, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", path.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 150


def test_each_recipe_has_a_section():
    recipes = {path.stem for path in (ROOT / "recipes").glob("*.py")}
    assert recipes <= anchors(ROOT / "recipes" / "README.md")


@each
def test_links_lead_somewhere(path):
    links = LINK.findall(FENCED.sub("", path.read_text("utf-8")))
    for link in links:
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        if "://" not in link:
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


@each
def test_python_code_runs(path):
    names = {}
    for language, code in FENCED.findall(path.read_text("utf-8")):
        if language == "python" and code.startswith(">>>"):
            test = doctest.DocTestParser().get_doctest(code, names, path.name, str(path), None)
            runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
            assert runner.run(test, clear_globs=False).failed == 0
            names = test.globs
        elif language == "python":
            exec(compile(code, str(path), "exec"), names)


@each
def test_commands_name_files_that_exist(path):
    for language, code in FENCED.findall(path.read_text("utf-8")):
        if language == "bash":
            for file in re.findall(r"python ((?:recipes|benchmarks)/\w+\.py)", code):
                assert (ROOT / file).is_file(), file
