"""The set-up scripts: finding Python, keeping the locks clean, knowing when a model is up to date."""

import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from scripts import console, environment, lock, model, run, web
from scripts.training_code import training_code

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted(lock.LOCKS)


def pins(name: str) -> dict[str, str]:
    """Package versions of a lock."""
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / name).read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_with_hashes_and_names_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    lock.check(name, text)
    requirements = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert len(requirements) > 100
    assert [entry.split("==")[0] for entry in requirements if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("name", LOCKS)
def test_the_locks_agree_on_every_version(name: str) -> None:
    reference = pins(lock.FIRST)
    differing = {
        package: version for package, version in pins(name).items() if reference.get(package, version) != version
    }
    assert differing == {}


def test_a_server_is_not_given_torch() -> None:
    assert not set(pins(lock.SERVING)) & {"torch", "transformers"}


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://packages.example.org/simple",
        "--find-links wheels",
        "thing @ file:///somewhere/thing.whl",
        "# compiled in /somewhere/else",
    ],
)
def test_an_address_or_a_path_in_a_lock_is_refused(line: str) -> None:
    with pytest.raises(console.Problem, match="names an address or a path"):
        lock.check("requirements-dev.txt", f"numpy==1.0 \\\n    --hash=sha256:00\n{line}\n")


def test_torch_in_the_serving_lock_is_refused() -> None:
    with pytest.raises(console.Problem, match="would install torch on servers"):
        lock.check("requirements.txt", "torch==2.12.1 \\\n    --hash=sha256:00\n")


def test_markers_that_every_line_has_are_left_out() -> None:
    machines = [("arm64", "darwin"), ("aarch64", "linux"), ("x86_64", "linux")]
    implementation = "platform_python_implementation == 'CPython'"
    environments = " or ".join(
        f"(platform_machine == '{machine}' and {implementation} and sys_platform == '{system}')"
        for machine, system in machines
    )
    shared = f" ; implementation_name == 'cpython' and python_full_version < '3.11' and ({environments})"
    only_mac = " ; python_full_version < '3.11' and platform_machine == 'arm64' and sys_platform == 'darwin'"
    tidied = lock.tidy(f"numpy==1.0{shared} \\\nmetal==2.0{only_mac} \\\n")
    assert tidied.splitlines()[1:] == [
        "numpy==1.0 \\",
        "metal==2.0 ; platform_machine == 'arm64' and sys_platform == 'darwin' \\",
    ]


def test_python_is_found_behind_a_stub_that_does_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stub = tmp_path / "python3.10"
    stub.write_text("#!/bin/sh\necho 'not installed' >&2\nexit 127\n")
    stub.chmod(0o755)
    working = tmp_path / "working"
    working.write_text("#!/bin/sh\necho '3.10 /somewhere/python3.10'\n")
    working.chmod(0o755)
    monkeypatch.setattr(environment, "candidates", lambda uv: iter([str(stub), str(working)]))
    assert environment.find_python("uv") == "/somewhere/python3.10"


def test_without_python_and_download_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\necho 'error: Failed to download' >&2\nexit 1\n")
    uv.chmod(0o755)
    monkeypatch.setattr(environment, "candidates", lambda uv: iter([]))
    with pytest.raises(console.Problem, match=r"no Python 3\.10 .* Install Python 3\.10"):
        environment.find_python(str(uv))


def test_without_uv_and_network_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(environment, "TOOLS", tmp_path / "tools")
    monkeypatch.setattr(environment, "answer", lambda *command: None)
    with pytest.raises(console.Problem, match="install uv yourself"):
        environment.find_uv()


def test_the_lock_of_the_web_chat_has_hashes_and_names_no_registry() -> None:
    packages = json.loads((ROOT / "web" / "package-lock.json").read_text())["packages"]
    assert len(packages) > 50
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []
    assert [name for name, package in packages.items() if "resolved" in package] == []


def test_a_build_of_the_web_chat_does_without_what_only_checks_need(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commands: list[tuple[str, ...]] = []
    monkeypatch.setattr(web, "INSTALLED", tmp_path / "installed")
    monkeypatch.setattr(web, "run_npm", lambda *arguments: commands.append(arguments))
    web.ensure_packages()
    web.ensure_packages()
    assert commands == [("ci", "--omit=dev")]
    web.ensure_packages(checking=True)
    web.ensure_packages(checking=True)
    web.ensure_packages()
    assert commands == [("ci", "--omit=dev"), ("ci",)]


def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Rasa project with the files that a model's name depends on."""
    for name, text in {
        "config.yml": "pipeline:\n- name: WhitespaceTokenizer\n- {name: kit.components.Learner, rate: 1}\npolicies:\n",
        "domain.yml": "intents: []",
        "data/nlu/greet.yml": "nlu: []",
        "kit/__init__.py": "",
        "kit/components/__init__.py": "from kit.components.learner import Learner",
        "kit/components/learner.py": "def train():\n    from ..training import loop",
        "kit/components/channels/web.py": "",
        "kit/training/__init__.py": "",
        "kit/training/loop.py": "import os, kit.options",
        "kit/training/words.txt": "hello",
        "kit/options.py": "import numpy",
        "kit/reports.py": "",
        "tests/unit/test_a.py": "",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.setattr(model, "ROOT", tmp_path)
    monkeypatch.setattr(model, "MODELS", tmp_path / "models")
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "new_data", "new_code"),
    [
        ("data/nlu/greet.yml", True, False),
        ("domain.yml", True, False),
        *((f"kit/{name}", False, True) for name in ("__init__.py", "components/__init__.py", "components/learner.py")),
        *((f"kit/{name}", False, True) for name in ("training/loop.py", "training/words.txt", "options.py")),
        ("kit/components/channels/web.py", False, False),
        ("kit/reports.py", False, False),
        ("tests/unit/test_a.py", False, False),
    ],
)
def test_a_model_is_up_to_date_until_what_it_came_from_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str, new_data: bool, new_code: bool
) -> None:
    folder = project(tmp_path, monkeypatch)
    before = model.current_fingerprint()
    with (folder / changed).open("a") as file:
        file.write("\n# changed")
    after = model.current_fingerprint()
    assert (before.data != after.data, before.code != after.code) == (new_data, new_code)


def test_every_module_that_training_imports_is_part_of_the_models_name() -> None:
    listing = (
        "import json, sys; import parlance.rasa, parlance.dialogue.training, parlance.finetuning.job; "
        "print(json.dumps([m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'parlance']))"
    )
    done = subprocess.run([sys.executable, "-c", listing], cwd=ROOT, capture_output=True, text=True, check=True)
    imported = {Path(file).resolve() for file in json.loads(done.stdout.splitlines()[-1])}
    known = set(training_code(ROOT, ROOT / "config.yml"))
    assert len(imported) > 40
    assert imported <= known
    assert not [file for file in known if "channels" in file.parts or file.name == "tracker_store.py"]


def linked_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    """A checkout whose ``.venv`` is a link to an environment in which ``project`` is installed as editable."""
    packages = tmp_path / "shared" / "lib" / "python3.10" / "site-packages" / "parlance-1.0.dist-info"
    packages.mkdir(parents=True)
    (packages / "METADATA").write_text("Metadata-Version: 2.1\nName: parlance\nVersion: 1.0\n")
    origin = {"url": project.as_uri(), "dir_info": {"editable": True}}
    (packages / "direct_url.json").write_text(json.dumps(origin))
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / ".venv").symlink_to(tmp_path / "shared")
    monkeypatch.setattr(environment, "ROOT", checkout)
    monkeypatch.setattr(environment, "VENV", checkout / ".venv")


def test_an_environment_that_is_linked_to_another_checkouts_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other checkout"
    other.mkdir()
    linked_environment(tmp_path, monkeypatch, other)
    with pytest.raises(console.Problem, match=r"link to .*shared.*other checkout.*Remove the link"):
        environment.check_owner()


@pytest.mark.parametrize("place", ["checkout", "gone"])
def test_a_linked_environment_of_this_checkout_or_of_none_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    linked_environment(tmp_path, monkeypatch, tmp_path / place)
    environment.check_owner()


def test_an_unchanged_project_is_not_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path, monkeypatch)
    archive = model.current_fingerprint().model
    archive.parent.mkdir()
    monkeypatch.setattr(model, "ENCODER", tmp_path)
    (tmp_path / model.GRAPH).touch()
    (tmp_path / "metadata.json").write_text("{}")
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(tmp_path / "metadata.json", "metadata.json")
    monkeypatch.setattr(model, "train", lambda fingerprint: pytest.fail("trained an unchanged project"))
    assert model.ensure_model(console.Steps(1)) == archive
    assert "is up to date" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PORT", text)
    with pytest.raises(console.Problem, match=f"PORT={text} is not a port"):
        run.port_from_environment("PORT", 5005)


@pytest.mark.parametrize(("seconds", "text"), [(4.21, "4.2 s"), (59.9, "59.9 s"), (185, "3 min 05 s")])
def test_durations_read_well(seconds: float, text: str) -> None:
    assert console.duration(seconds) == text
