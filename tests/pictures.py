"""Makes every test picture in code: small, deterministic, in the form that each tool documents."""

from __future__ import annotations

import io
import json
import random
from functools import cache
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

DEFAULT_PROMPT = "a lighthouse at dusk, oil painting"
DEFAULT_NEGATIVE = "blurry, watermark"
USER_COMMENT = 0x9286
EXIF_IFD = 0x8769
ORIENTATION = 0x0112


def picture(
    width: int = 64, height: int = 48, *, seed: int = 0, mode: str = "RGB", noise: bool = False
) -> Image.Image:
    """A Pillow image: a gradient with a rectangle that moves with the seed, or photographic noise."""
    chance = random.Random(seed)
    if noise:
        return _photograph(width, height, seed).convert(mode)
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    flat = Image.new("L", (width, height), chance.randrange(256))
    image = Image.merge("RGB", (across, down, flat))
    left, top = chance.randrange(max(1, width // 2)), chance.randrange(max(1, height // 2))
    image.paste(tuple(chance.randbytes(3)), (left, top, left + max(1, width // 4), top + max(1, height // 4)))
    if mode in ("RGBA", "LA"):
        image = image.convert("RGBA")
        image.putalpha(across)
    return image.convert(mode)


def png(
    width: int = 64,
    height: int = 48,
    *,
    text: dict[str, str] | None = None,
    seed: int = 0,
    mode: str = "RGB",
    noise: bool = False,
    compressed_text: bool = False,
    **options: Any,
) -> bytes:
    """A PNG; `text` becomes tEXt chunks (iTXt where Latin-1 cannot hold it, zTXt when asked)."""
    info = PngInfo()
    for key, value in (text or {}).items():
        info.add_text(key, value, zip=compressed_text)
    image = picture(width, height, seed=seed, mode=mode, noise=noise)
    return _saved(image, "PNG", pnginfo=info, compress_level=1, **options)


def jpeg(
    width: int = 64,
    height: int = 48,
    *,
    exif_comment: str | None = None,
    orientation: int | None = None,
    seed: int = 0,
    mode: str = "RGB",
    noise: bool = False,
    little_endian_comment: bool = False,
    **options: Any,
) -> bytes:
    """A JPEG, with an EXIF UserComment as the WebUI writes it and an orientation where asked."""
    image = picture(width, height, seed=seed, mode=mode, noise=noise)
    exif = exif_block(exif_comment, orientation, little_endian=little_endian_comment)
    return _saved(image, "JPEG", quality=85, exif=exif, **options)


def webp(
    width: int = 64,
    height: int = 48,
    *,
    exif_comment: str | None = None,
    orientation: int | None = None,
    seed: int = 0,
    mode: str = "RGB",
    lossless: bool = False,
    **options: Any,
) -> bytes:
    """A still WebP, lossy unless asked otherwise."""
    exif = exif_block(exif_comment, orientation)
    image = picture(width, height, seed=seed, mode=mode)
    return _saved(image, "WEBP", quality=80, method=0, lossless=lossless, exif=exif, **options)


def avif(
    width: int = 64,
    height: int = 48,
    *,
    exif_comment: str | None = None,
    orientation: int | None = None,
    seed: int = 0,
    mode: str = "RGB",
) -> bytes:
    """A still AVIF."""
    exif = exif_block(exif_comment, orientation)
    image = picture(width, height, seed=seed, mode=mode)
    return _saved(image, "AVIF", quality=60, speed=10, exif=exif)


def gif(
    width: int = 64, height: int = 48, *, frames: int = 1, seed: int = 0, comment: str | None = None
) -> bytes:
    """A GIF of one or more different frames."""
    return _animated("GIF", width, height, frames, seed, mode="P", comment=(comment or "").encode())


def animated_webp(width: int = 64, height: int = 48, *, frames: int = 3, seed: int = 0) -> bytes:
    """A WebP of several frames."""
    return _animated("WEBP", width, height, frames, seed, mode="RGB", method=0)


def animated_png(width: int = 64, height: int = 48, *, frames: int = 3, seed: int = 0) -> bytes:
    """An APNG of several frames."""
    return _animated("PNG", width, height, frames, seed, mode="RGB", compress_level=1)


def animated_avif(width: int = 64, height: int = 48, *, frames: int = 3, seed: int = 0) -> bytes:
    """An AVIF image sequence."""
    return _animated("AVIF", width, height, frames, seed, mode="RGB", speed=10)


def comfyui_png(
    prompt: str = DEFAULT_PROMPT,
    *,
    width: int = 64,
    height: int = 48,
    picture_seed: int = 0,
    noise: bool = False,
    **values: Any,
) -> bytes:
    """A PNG as ComfyUI's SaveImage writes it: `prompt` (API graph) and `workflow` (UI graph) chunks.

    `values` may name: negative, model, seed, steps, cfg, sampler, scheduler, lora.
    """
    values |= {"width": width, "height": height}
    graphs = {"prompt": comfyui_api_graph(prompt, **values), "workflow": comfyui_workflow(prompt, **values)}
    text = {key: json.dumps(graph) for key, graph in graphs.items()}
    return png(width, height, text=text, seed=picture_seed, noise=noise)


COMFYUI_VALUES: dict[str, Any] = {
    "negative": DEFAULT_NEGATIVE,
    "model": "sd_xl_base_1.0.safetensors",
    "seed": 156680208700286,
    "steps": 20,
    "cfg": 8.0,
    "sampler": "euler",
    "scheduler": "normal",
    "lora": None,
    "width": 64,
    "height": 48,
}


def comfyui_api_graph(prompt: str = DEFAULT_PROMPT, **values: Any) -> dict[str, Any]:
    """The default text-to-image graph in the form that ComfyUI's /prompt takes."""
    chosen = COMFYUI_VALUES | values
    source = "10" if chosen["lora"] else "4"
    size = {"width": chosen["width"], "height": chosen["height"], "batch_size": 1}
    sampling = {key: chosen[key] for key in ("seed", "steps", "cfg", "scheduler")}
    sampling |= {"sampler_name": chosen["sampler"], "denoise": 1.0, "model": [source, 0]}
    sampling |= {"positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]}
    graph = {
        "3": api_node("KSampler", **sampling),
        "4": api_node("CheckpointLoaderSimple", ckpt_name=chosen["model"]),
        "5": api_node("EmptyLatentImage", **size),
        "6": api_node("CLIPTextEncode", text=prompt, clip=[source, 1]),
        "7": api_node("CLIPTextEncode", text=chosen["negative"], clip=[source, 1]),
        "8": api_node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "9": api_node("SaveImage", filename_prefix="ComfyUI", images=["8", 0]),
    }
    if chosen["lora"]:
        strengths = {"strength_model": 0.8, "strength_clip": 1.0, "model": ["4", 0], "clip": ["4", 1]}
        graph["10"] = api_node("LoraLoader", lora_name=chosen["lora"], **strengths)
    return graph


def api_node(kind: str, **inputs: Any) -> dict[str, Any]:
    """One node of an API graph."""
    return {"class_type": kind, "inputs": inputs, "_meta": {"title": kind}}


def comfyui_workflow(prompt: str = DEFAULT_PROMPT, **values: Any) -> dict[str, Any]:
    """The same graph as the editor stores it: links are `[id, from, slot, to, slot, type]`."""
    chosen = COMFYUI_VALUES | values
    source = 10 if chosen["lora"] else 4
    sampling = [
        chosen["seed"],
        "randomize",
        *(chosen[key] for key in ("steps", "cfg", "sampler", "scheduler")),
        1,
    ]
    nodes = [
        ui_node(4, "CheckpointLoaderSimple", [chosen["model"]]),
        ui_node(6, "CLIPTextEncode", [prompt], clip=1),
        ui_node(7, "CLIPTextEncode", [chosen["negative"]], clip=2),
        ui_node(5, "EmptyLatentImage", [chosen["width"], chosen["height"], 1]),
        ui_node(3, "KSampler", sampling, model=3, positive=4, negative=5, latent_image=6),
        ui_node(8, "VAEDecode", [], samples=7, vae=8),
        ui_node(9, "SaveImage", ["ComfyUI"], images=9),
    ]
    ends = [(source, 1, 6, 0), (source, 1, 7, 0), (source, 0, 3, 0), (6, 0, 3, 1), (7, 0, 3, 2)]
    ends.extend([(5, 0, 3, 3), (3, 0, 8, 0), (4, 2, 8, 1), (8, 0, 9, 0)])
    if chosen["lora"]:
        nodes.append(ui_node(10, "LoraLoader", [chosen["lora"], 0.8, 1.0], model=10, clip=11))
        ends += [(4, 0, 10, 0), (4, 1, 10, 1)]
    links = [[number, *end, "*"] for number, end in enumerate(ends, 1)]
    return {"last_node_id": 10, "last_link_id": 11, "nodes": nodes, "links": links, "version": 0.4}


def ui_node(number: int, kind: str, widgets: list[Any], **inputs: int) -> dict[str, Any]:
    """One node of the editor's graph; `inputs` maps the name of a slot to the id of its link."""
    slots = [{"name": name, "type": "*", "link": link} for name, link in inputs.items()]
    return {"id": number, "type": kind, "mode": 0, "inputs": slots, "outputs": [], "widgets_values": widgets}


def a1111_parameters(
    prompt: str = DEFAULT_PROMPT,
    *,
    negative: str = DEFAULT_NEGATIVE,
    seed: int = 1234567890,
    steps: int = 28,
    cfg: float = 7,
    sampler: str = "DPM++ 2M",
    scheduler: str = "Karras",
    model: str = "dreamshaper_8",
    width: int = 64,
    height: int = 48,
) -> str:
    """The text that the WebUI writes: prompt, `Negative prompt:` and one line of settings."""
    lines = [prompt]
    if negative:
        lines.append(f"Negative prompt: {negative}")
    lines.append(
        f"Steps: {steps}, Sampler: {sampler}, Schedule type: {scheduler}, CFG scale: {cfg}, Seed: {seed}, "
        f"Size: {width}x{height}, Model hash: 879db523c3, Model: {model}, Version: v1.10.1"
    )
    return "\n".join(lines)


def a1111_png(prompt: str = DEFAULT_PROMPT, *, width: int = 64, height: int = 48, **values: Any) -> bytes:
    """A PNG with the WebUI's `parameters` chunk."""
    return png(
        width, height, text={"parameters": a1111_parameters(prompt, width=width, height=height, **values)}
    )


def a1111_jpeg(prompt: str = DEFAULT_PROMPT, *, width: int = 64, height: int = 48, **values: Any) -> bytes:
    """A JPEG with the WebUI's settings in EXIF UserComment (UTF-16)."""
    return jpeg(width, height, exif_comment=a1111_parameters(prompt, width=width, height=height, **values))


def exif_block(
    comment: str | None = None, orientation: int | None = None, *, little_endian: bool = False
) -> bytes:
    """A TIFF block with the two tags, empty when neither is asked for."""
    if comment is None and orientation is None:
        return b""
    exif = Image.Exif()
    if orientation is not None:
        exif[ORIENTATION] = orientation
    if comment is not None:
        order = "utf-16-le" if little_endian else "utf-16-be"
        exif.get_ifd(EXIF_IFD)[USER_COMMENT] = b"UNICODE\0" + comment.encode(order)
    return exif.tobytes()


@cache
def _photograph(width: int, height: int, seed: int) -> Image.Image:
    """Layers of smoothed noise: detail at every scale, as costly to code as a photograph."""
    chance = random.Random(seed)
    image = Image.new("RGB", (width, height), (90, 100, 110))
    for cells, weight in ((4, 0.6), (16, 0.4), (64, 0.3), (256, 0.15), (1024, 0.05)):
        rows = max(2, cells * height // max(width, 1))
        layer = Image.frombytes("RGB", (cells, rows), chance.randbytes(cells * rows * 3))
        image = Image.blend(image, layer.resize((width, height), Image.Resampling.BICUBIC), weight)
    return image


def _animated(
    form: str, width: int, height: int, frames: int, seed: int, *, mode: str, **options: Any
) -> bytes:
    shots = [picture(width, height, seed=seed + step, mode=mode) for step in range(frames)]
    more = {"save_all": True, "append_images": shots[1:], "duration": 50} if frames > 1 else {}
    return _saved(shots[0], form, **more, **options)


def _saved(image: Image.Image, form: str, **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()
