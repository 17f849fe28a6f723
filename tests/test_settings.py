"""Settings: precedence, every mistake at once, and each way of writing a value."""

from pathlib import Path

import pytest

from imagehist.model.faults import BadSettings
from imagehist.settings import Settings, environment_name, read_settings, settings_table


def test_options_beat_environment_beats_file_beats_default(tmp_path: Path) -> None:
    file = tmp_path / "imagehist.toml"
    file.write_text('port = 1\nhost = "::1"\noutputs = "a"\n')
    settings = read_settings({"port": "3"}, {"IMAGEHIST_PORT": "2", "IMAGEHIST_HOST": "0.0.0.0"}, str(file))
    assert (settings.port, settings.host, settings.outputs) == (3, "0.0.0.0", "a")
    assert settings.max_file_bytes == 50 << 20


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "imagehist.toml"
    file.write_text('duplicates = "maybe"\ncolour = "red"\n')
    environment = {"IMAGEHIST_PROT": "1", "IMAGEHIST_PORT": "many", "PATH": "/bin"}
    with pytest.raises(BadSettings) as caught:
        read_settings({"max_pixels": "-1"}, environment, str(file))
    told = caught.value.detail
    for word in ("IMAGEHIST_PROT", "IMAGEHIST_PORT", "duplicates", "colour", "max_pixels"):
        assert word in told
    assert len(caught.value.fields["mistakes"]) == 5


@pytest.mark.parametrize(
    ("text", "size"),
    [("1", 1), ("2KiB", 2048), ("3 MiB", 3 << 20), ("1 GiB", 1 << 30), ("7B", 7)],
)
def test_sizes(text: str, size: int) -> None:
    assert read_settings({"max_file_bytes": text}, {}).max_file_bytes == size


@pytest.mark.parametrize(("name", "text"), [("port", "65536"), ("port", "-1"), ("public_url", "example.org")])
def test_values_out_of_bounds(name: str, text: str) -> None:
    with pytest.raises(BadSettings, match=name):
        read_settings({name: text}, {})


@pytest.mark.parametrize("text", ["", "MiB", "1.5 MiB", "1 MB", "-1"])
def test_wrong_sizes(text: str) -> None:
    with pytest.raises(BadSettings):
        read_settings({"max_file_bytes": text}, {})


def test_lists_are_split_and_trimmed(tmp_path: Path) -> None:
    file = tmp_path / "imagehist.toml"
    file.write_text('hosts = ["a.example", "b.example"]\n')
    assert read_settings({}, {}, str(file)).hosts == ("a.example", "b.example")
    assert read_settings({}, {"IMAGEHIST_HOSTS": " a.example, ,b.example "}).hosts == (
        "a.example",
        "b.example",
    )


@pytest.mark.parametrize("content", ["port = ", None])
def test_a_file_that_cannot_be_read(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "imagehist.toml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(BadSettings, match=r"imagehist\.toml"):
        read_settings({}, {}, str(file))


def test_the_table_names_every_setting() -> None:
    table = settings_table()
    for name in Settings.__dataclass_fields__:
        assert f"`{environment_name(name)}`" in table
