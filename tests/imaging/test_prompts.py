"""Settings texts are read in every container, and what was written beats what was traced."""

import json
from collections.abc import Callable

import pytest

from imagehist.imaging import a1111
from imagehist.model.records import Inspection
from tests import pictures

Inspect = Callable[[bytes], Inspection]

FORGE = (
    "a castle, <lora:stone:0.7>, <lyco:moss:1>\nsecond line\n"
    "Negative prompt: fog,\nsmoke\n"
    "Steps: 30, Sampler: Euler, Schedule type: Simple, CFG scale: 1, "
    "Distilled CFG Scale: 3.5, Seed: 4294967296, "
    'Size: 896x1152, Model hash: abc, Model: "flux1, dev", Lora hashes: "stone: 1a2b, third: 3c4d", '
    "Beta schedule alpha: 0.6, Version: f2.0.1v1.10.1"
)


def test_every_field_of_a_settings_text():
    found = a1111.parse(FORGE)
    assert found.tool == "a1111"
    assert found.prompt == "a castle, <lora:stone:0.7>, <lyco:moss:1>\nsecond line"
    assert found.negative_prompt == "fog,\nsmoke"
    assert (found.steps, found.sampler, found.scheduler, found.cfg) == (30, "Euler", "Simple", 1.0)
    assert (found.seed, found.model) == ("4294967296", "flux1, dev")
    assert found.loras == ["stone", "moss", "third"]
    assert set(found.provenance.values()) == {"embedded"}
    assert found.provenance.keys() >= {"prompt", "seed", "loras"}


@pytest.mark.parametrize(
    ("text", "prompt", "negative", "steps"),
    [
        ("just words", "just words", None, None),
        ("Steps: 20, Seed: 1", None, None, 20),
        ("words\nSteps: 20", "words", None, 20),
        ("words\r\nNegative prompt: no\r\nSteps: 20", "words", "no", 20),
        ("Negative prompt: no\nSteps: 20", None, "no", 20),
        ("Steps: to heaven\nSteps: 20, Seed: 4", "Steps: to heaven", None, 20),
        ("words\nSteps: many, CFG scale: x, Seed: -1", "words", None, None),
        ("", None, None, None),
    ],
)
def test_odd_settings_texts(text: str, prompt: str | None, negative: str | None, steps: int | None):
    found = a1111.parse(text)
    assert (found.prompt, found.negative_prompt, found.steps) == (prompt, negative, steps)
    assert found.seed is None or found.seed.isdigit()


@pytest.mark.parametrize(
    "text", ["a" * 2_000_000, "a, " * 500_000, '"' * 500_000, "a b " * 300_000, "<lora:" * 200_000]
)
def test_long_settings_take_no_time(text: str):
    a1111.parse(f"words\nSteps: 5, X: {text}")
    a1111.parse(f"{text}\nSteps: 5")


CARRIERS: dict[str, Callable[[str], bytes]] = {
    "png": lambda text: pictures.png(text={"parameters": text}),
    "png, packed": lambda text: pictures.png(text={"parameters": text}, compressed_text=True),
    "jpeg": lambda text: pictures.jpeg(exif_comment=text),
    "jpeg, little-endian": lambda text: pictures.jpeg(exif_comment=text, little_endian_comment=True),
    "jpeg comment": lambda text: pictures.jpeg(comment=text.encode()),
    "webp": lambda text: pictures.webp(exif_comment=text),
    "avif": lambda text: pictures.avif(exif_comment=text),
    "gif": lambda text: pictures.gif(comment=text),
}


@pytest.mark.parametrize("prompt", ["a lighthouse, dusk", "등대, 황혼의 유화", "faro 🗼 ünïcode"])
@pytest.mark.parametrize("carrier", CARRIERS)
def test_settings_are_found_in_every_container(inspect: Inspect, carrier: str, prompt: str):
    found = inspect(CARRIERS[carrier](pictures.a1111_parameters(prompt))).generation
    assert (found.tool, found.prompt, found.negative_prompt) == ("a1111", prompt, pictures.DEFAULT_NEGATIVE)
    assert (found.seed, found.steps, found.cfg) == ("1234567890", 28, 7.0)
    assert (found.model, found.sampler, found.scheduler) == ("dreamshaper_8", "DPM++ 2M", "Karras")


def test_the_picture_makers_speak_both_dialects(inspect: Inspect):
    for data in (pictures.a1111_png("words"), pictures.a1111_jpeg("words"), pictures.comfyui_png("words")):
        found = inspect(data).generation
        assert (found.prompt, found.negative_prompt) == ("words", pictures.DEFAULT_NEGATIVE)


def test_a_comfyui_png_brings_its_workflow(inspect: Inspect):
    found = inspect(pictures.comfyui_png("등대", lora="style.safetensors")).generation
    assert (found.tool, found.prompt, found.loras) == ("comfyui", "등대", ["style.safetensors"])
    assert found.workflow == pictures.comfyui_workflow("등대", lora="style.safetensors")


def comfyui_exif() -> bytes:
    """ComfyUI has no keywords in WebP and writes into the camera's make and model."""
    exif = pictures.Image.Exif()
    exif[0x0110] = "prompt:" + json.dumps(pictures.comfyui_api_graph("in exif"))
    exif[0x010F] = "workflow:" + json.dumps(pictures.comfyui_workflow("in exif"))
    return exif.tobytes()


def test_comfyui_in_exif_is_found(inspect: Inspect):
    target = pictures.io.BytesIO()
    pictures.picture().save(target, "WEBP", exif=comfyui_exif())
    found = inspect(target.getvalue()).generation
    assert (found.tool, found.prompt, found.provenance["workflow"]) == ("comfyui", "in exif", "embedded")


def test_what_was_written_beats_what_was_traced(inspect: Inspect):
    graph = pictures.comfyui_api_graph("traced words", seed=5, scheduler="beta")
    text = {
        "prompt": json.dumps(graph),
        "workflow": json.dumps(pictures.comfyui_workflow()),
        "parameters": "written words\nSteps: 9, Seed: 8",
    }
    found = inspect(pictures.png(text=text)).generation
    assert (found.tool, found.prompt, found.seed, found.steps) == ("comfyui", "written words", "8", 9)
    assert (found.scheduler, found.model) == ("beta", "sd_xl_base_1.0.safetensors")
    assert found.provenance["prompt"] == "embedded"
    assert found.provenance["scheduler"] == "traced"
    assert found.workflow is not None


def test_a_picture_without_words_says_nothing(inspect: Inspect):
    found = inspect(pictures.png()).generation
    assert (found.tool, found.prompt, found.texts, found.provenance) == (None, None, [], {})
