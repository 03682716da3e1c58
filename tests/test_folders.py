"""A folder is replaced whole or not at all, and what killed processes leave is cleared away."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys

import pytest

from zoo.storage import folders

ROOT = pathlib.Path(__file__).parent.parent
PROGRAM = """
import os, pathlib, shutil, signal, sys
from zoo.storage import folders

moment, folder = sys.argv[1], pathlib.Path(sys.argv[2])
rename, calls = pathlib.Path.rename, []

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

def counted(path, target):
    calls.append(target)
    if moment == f"before rename {len(calls)}":
        die()
    rename(path, target)

pathlib.Path.rename = counted
with folders.work_folder(folder) as new:
    (new / "a").write_text("new")
    if moment == "filling":
        die()
    (new / "b").write_text("new")
    if moment == "before deleting":
        shutil.rmtree = die
    if moment == "while deleting":
        shutil.rmtree = lambda path, **options: die(os.unlink(path / "a"))
    folders.replace(new, folder)
"""


def write(folder, text):
    """Replaces a folder by one with two files of this text."""
    with folders.work_folder(folder) as new:
        (new / "a").write_text(text)
        (new / "b").write_text(text)
        folders.replace(new, folder)


def read(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("moment", "left"),
    [
        ("filling", "old"),
        ("before rename 1", "old"),
        ("before rename 2", "new"),
        ("before deleting", "new"),
        ("while deleting", "new"),
    ],
)
def test_a_kill_at_each_moment_leaves_a_whole_folder(moment, left, tmp_path):
    folder = tmp_path / "runs" / "mine"
    folder.parent.mkdir()
    write(folder, "old")
    command = [sys.executable, "-c", PROGRAM, moment, str(folder)]
    end = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False)
    assert end.returncode == -signal.SIGKILL
    assert len(list(folder.parent.iterdir())) > 1 or moment == "before rename 2"
    folders.finish(folder)
    assert read(folder) == {"a": left, "b": left}
    folders.finish(folder)
    assert read(folder) == {"a": left, "b": left}
    write(folder, "newest")
    assert read(folder) == {"a": "newest", "b": "newest"}
    assert list(folder.parent.iterdir()) == [folder]


def test_a_kill_of_the_first_save_leaves_nothing_that_counts(tmp_path):
    command = [sys.executable, "-c", PROGRAM, "filling", str(tmp_path / "mine")]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False)
    (hidden,) = tmp_path.iterdir()
    assert hidden.name.startswith(".mine-")
    folders.finish(tmp_path / "mine")
    assert list(tmp_path.iterdir()) == [hidden]
    with folders.work_folder(tmp_path / "mine"):
        assert not hidden.exists()
    assert not list(tmp_path.iterdir())


def test_nobody_deletes_what_a_running_process_writes(tmp_path):
    folder = tmp_path / "mine"
    with folders.work_folder(folder) as first:
        (first / "a").write_text("first")
        write(folder, "second")  # meanwhile
        assert read(first) == {"a": "first"}
        folders.replace(first, folder)
    assert read(folder) == {"a": "first"}
    assert list(tmp_path.iterdir()) == [folder]


def test_only_hidden_folders_of_this_module_are_deleted(tmp_path):
    ours = [".mine-abcd_123.zoo", ".mine-abcd_123.zoo-old", ".mine-abcd_123"]  # the last of before
    theirs = [".mine-settings", ".mine-notes", "mine-abcd_123.zoo", ".mine-x-abcd_123.zoo", ".mine"]
    for name in (*ours, *theirs):
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis.txt").touch()
    (tmp_path / ".mine-abcd_123" / "thesis.txt").rename(tmp_path / ".mine-abcd_123" / "model.keras")
    (tmp_path / ".mine-aaaaaaaa.zoo").write_text("a file")
    (tmp_path / ".mine-bbbbbbbb.zoo").symlink_to(tmp_path / ".mine")
    (tmp_path / "mine").mkdir()
    write(tmp_path / "mine", "new")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*theirs, "mine", ".mine-aaaaaaaa.zoo", ".mine-bbbbbbbb.zoo"}
    assert all((tmp_path / name / "thesis.txt").exists() for name in theirs)


@pytest.mark.parametrize("name", ["m" * 255, "ü" * 127, "a(b", "*", "-", "a\nb", ".hidden", "…" * 80])
def test_names_that_the_system_allows(name, tmp_path):
    for text in ("old", "new"):
        write(tmp_path / name, text)
        assert read(tmp_path / name) == {"a": text, "b": text}
    assert list(tmp_path.iterdir()) == [tmp_path / name]


def test_a_rename_that_fails_leaves_the_earlier_folder(tmp_path, monkeypatch):
    folder = tmp_path / "mine"
    write(folder, "old")
    rename = pathlib.Path.rename

    def refuse(path, target):
        if path.name.endswith(".zoo"):
            raise PermissionError(13, "no")
        return rename(path, target)

    monkeypatch.setattr(pathlib.Path, "rename", refuse)
    with pytest.raises(PermissionError):
        write(folder, "new")
    assert read(folder) == {"a": "old", "b": "old"}
    assert list(tmp_path.iterdir()) == [folder]


def test_a_reader_may_finish_what_a_writer_has_begun(tmp_path, monkeypatch):
    folder = tmp_path / "mine"
    write(folder, "old")
    rename = pathlib.Path.rename

    def look_before(path, target):
        if path.name.endswith(".zoo") and target == folder:
            monkeypatch.setattr(pathlib.Path, "rename", rename)
            folders.finish(folder)
        return rename(path, target)

    monkeypatch.setattr(pathlib.Path, "rename", look_before)
    write(folder, "new")
    assert read(folder) == {"a": "new", "b": "new"}
    assert list(tmp_path.iterdir()) == [folder]


def test_without_locks_leftovers_stay(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fcntl", None)  # as on Windows
    (tmp_path / ".mine-abcd_123.zoo").mkdir()
    write(tmp_path / "mine", "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".mine-abcd_123.zoo", "mine"]


def test_a_finished_folder_is_left_alone(tmp_path):
    (tmp_path / ".mine-abcd_123.zoo").mkdir()
    folders.finish(tmp_path / "mine")  # there is no earlier one, so it may not be whole
    assert not (tmp_path / "mine").exists()
    shutil.copytree(tmp_path / ".mine-abcd_123.zoo", tmp_path / ".mine-abcd_123.zoo-old")
    (tmp_path / "mine").mkdir()
    folders.finish(tmp_path / "mine")
    assert (tmp_path / ".mine-abcd_123.zoo").exists()
    folders.finish(tmp_path / "no" / "such" / "place")


@pytest.mark.parametrize("moment", [1, 2, 3])
def test_ctrl_c_at_each_moment_leaves_a_whole_folder(moment, tmp_path, monkeypatch):
    folder = tmp_path / "mine"
    write(folder, "old")
    rename, calls = pathlib.Path.rename, []

    def interrupted(path, target):
        calls.append(target)
        if len(calls) == moment:
            raise KeyboardInterrupt
        result = rename(path, target)
        if moment == 3 and len(calls) == 2:
            raise KeyboardInterrupt  # right after the last rename
        return result

    monkeypatch.setattr(pathlib.Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(folder, "new")
    monkeypatch.undo()
    left = "new" if moment == 3 else "old"
    assert read(folder) == {"a": left, "b": left}
    write(folder, "newest")
    assert list(tmp_path.iterdir()) == [folder]


def test_a_hidden_folder_of_an_earlier_version_is_kept_if_there_is_more_in_it(tmp_path):
    for name, more in (("a", "notes.txt"), ("b", "loss.png")):
        folder = tmp_path / f".{name}-12345678"
        folder.mkdir()
        for file in ("model.keras", more):
            (folder / file).touch()
        write(tmp_path / name, "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a-12345678", "a", "b"]
