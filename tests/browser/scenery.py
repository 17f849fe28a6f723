"""Paints scenes for the eye: mountains, seas, planets, flowers, made by arithmetic and the same each time."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.pictures import comfyui_api_graph, comfyui_workflow

Field = NDArray[np.float64]
Chance = np.random.Generator


def colour(text: str) -> Field:
    """`#rrggbb` as three parts of one."""
    return np.array([int(text[at : at + 2], 16) for at in (1, 3, 5)]) / 255


def ramp(values: Field, stops: list[str]) -> Field:
    """Values from 0 to 1 as colours along the stops."""
    at = np.clip(values, 0, 1) * (len(stops) - 1)
    low = np.minimum(at.astype(int), len(stops) - 2)
    table, part = np.array([colour(stop) for stop in stops]), (at - low)[..., None]
    return table[low] * (1 - part) + table[low + 1] * part


def clouds(width: int, height: int, chance: Chance, first: int = 3, octaves: int = 6) -> Field:
    """Smooth noise of several sizes, from 0 to 1."""
    total, weight = np.zeros((height, width)), 1.0
    for octave in range(octaves):
        across = first << octave
        grid = chance.random((max(2, across * height // width) + 2, across + 2)).astype(np.float32)
        layer = Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC)
        total += np.asarray(layer) * weight
        weight *= 0.5
    return (total - total.min()) / (total.max() - total.min())


def grid(width: int, height: int) -> tuple[Field, Field]:
    """Coordinates from -1 to 1 along the shorter side."""
    short = min(width, height) / 2
    down, across = np.mgrid[0:height, 0:width].astype(float)
    return (across - width / 2) / short, (down - height / 2) / short


def softened(light: Field, times: int) -> Field:
    """Light spread over its neighbourhood."""
    height, width = light.shape
    small = Image.fromarray((np.clip(light, 0, 1) * 255).astype(np.uint8))
    small = small.resize((width // times, height // times), Image.Resampling.BOX)
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC)) / 255


def mountains(width: int, height: int, chance: Chance) -> Field:
    """Ridge behind ridge in the haze of a low sun."""
    sky, near = [
        (["#2b2d5c", "#7d5c8c", "#e8927c", "#fbd6a4"], "#12131f"),
        (["#3c6e9f", "#93b9cf", "#dfe6d8", "#fbeecb"], "#142a2b"),
        (["#15203b", "#3b4a78", "#a9728f", "#f2b6a0"], "#0b1018"),
    ][chance.integers(3)]
    down = np.linspace(0, 1, height)[:, None] * np.ones(width)
    image = ramp(down * 1.5 + (clouds(width, height, chance) - 0.5) * 0.22, sky)
    x, y = grid(width, height)
    glow = np.exp(-((x - chance.uniform(-0.6, 0.6)) ** 2 + (y + 0.05) ** 2) * 5)
    image += glow[..., None] * colour(sky[-1]) * 0.45
    far = colour(sky[2])
    for layer in range(6):
        rough = clouds(width, 8, chance, 2 + layer, 8)[4]
        line = 0.42 + layer * 0.1 - (rough - 0.35) * (0.34 - layer * 0.025)
        mask = np.clip((down - line) * height / 1.5, 0, 1)[..., None]
        depth = (layer / 5) ** 1.3
        tint = far * (1 - depth) + colour(near) * depth
        haze = np.clip((down - line) * 3, 0, 1)[..., None] * (1 - depth) * 0.5
        image = image * (1 - mask) + (tint * (1 - haze) + far * haze) * mask
    return image


def sea(width: int, height: int, chance: Chance) -> Field:
    """A sun over water, broken into glitter."""
    evening, morning = (
        ["#33386b", "#b5657a", "#f7b267", "#ffe3a8"],
        ["#27496d", "#5d8aa8", "#e7b89c", "#fff0cf"],
    )
    stops = [evening, morning][chance.integers(2)]
    x, y = grid(width, height)
    horizon, sun = 0.1, chance.uniform(-0.5, 0.5)
    down = np.linspace(0, 1, height)[:, None] * np.ones(width)
    image = ramp(down * 1.7 + (clouds(width, height, chance, 2) - 0.5) * 0.25, stops)
    disc = np.sqrt((x - sun) ** 2 + (y + 0.22) ** 2)
    image += (np.clip(1.2 - disc * 6, 0, 1) + np.exp(-disc * 3) * 0.35)[..., None] * colour("#fff2cc")
    below = np.clip((y - horizon) / 0.9, 0, 1)
    stretch = clouds(width, height, chance, 9, 5)
    waves = np.sin(np.sqrt(np.clip(y - horizon, 0, None) + 0.001) * 120 + stretch * 16)
    water = ramp(0.55 - below * 0.5 + waves * 0.06, ["#101b33", "#2b4a6b", stops[1], stops[2]])
    path = np.exp(-(((x - sun) / (0.1 + below * 0.5)) ** 2)) * np.clip(waves - 0.15, 0, 1)
    water += path[..., None] * colour("#ffe9b8") * 0.9
    wet = np.clip((y - horizon) * height / 3, 0, 1)[..., None]
    return image * (1 - wet) + water * wet


def stars(width: int, height: int, chance: Chance) -> Field:
    """A night with points of light in it."""
    light = np.clip(chance.random((height, width)) - 0.9975, 0, 1) * 400
    return light * 0.8 + softened(light, 2)


def planet(width: int, height: int, chance: Chance) -> Field:
    """A banded giant with rings before a nebula."""
    sky, bands = [
        (
            ["#05060f", "#150f2e", "#4c2a6b", "#c0658f"],
            ["#6b4a35", "#c99a6b", "#f0dcb4", "#a6714a", "#e6c493"],
        ),
        (
            ["#03070d", "#082530", "#0f5a5e", "#67c9a9"],
            ["#22466b", "#6fa6c9", "#e3f0f2", "#4a7fa8", "#b4d3de"],
        ),
    ][chance.integers(2)]
    mist = clouds(width, height, chance)
    image = ramp(mist**2.2 * 0.9, sky) + stars(width, height, chance)[..., None]
    x, y = grid(width, height)
    radius = 0.52
    flat = np.clip(1 - (x**2 + y**2) / radius**2, 0, 1)
    tilt = y * 0.92 + x * 0.38
    pattern = (np.sin(tilt * 21 + (mist - 0.5) * 5) + np.sin(tilt * 9)) / 4 + 0.5
    lit = np.clip((np.sqrt(flat) * 0.75 + (-x - y) * 0.75) * 1.5, 0.03, 1.15)
    inside = np.clip((radius - np.sqrt(x**2 + y**2)) * min(width, height) / 4, 0, 1)[..., None]
    image = image * (1 - inside) + ramp(pattern, bands) * lit[..., None] * inside
    across, up = x * 0.92 - y * 0.38, tilt * 4.1
    ring = np.sqrt(across**2 + up**2)
    alpha = np.clip((ring - 0.66) * 40, 0, 1) * np.clip((1.06 - ring) * 40, 0, 1)
    alpha *= 0.55 + 0.4 * np.sin(ring * 95)
    alpha = np.where((tilt < 0) & (inside[..., 0] > 0.5), 0, np.clip(alpha, 0, 0.85))[..., None]
    return image * (1 - alpha) + colour(bands[2]) * 0.92 * alpha


def aurora(width: int, height: int, chance: Chance) -> Field:
    """Curtains of light above a dark shore."""
    down = np.linspace(0, 1, height)[:, None] * np.ones(width)
    image = ramp(down, ["#050a1c", "#0b1f38", "#123b49"]) + stars(width, height, chance)[..., None] * (
        1 - down[..., None]
    )
    for tint, top in (("#3cf2a0", 0.24), ("#2bd1c8", 0.34), ("#9a6bff", 0.16)):
        curve = clouds(width, 8, chance, 2, 4)[4] * 0.36 + top
        rays = clouds(width, 8, chance, 24, 4)[4]
        lower = down - curve
        light = np.where(lower > 0, np.exp(-lower * 26), np.exp(lower * (5 + rays * 7)))
        image += (light * (0.3 + rays * 0.85))[..., None] * colour(tint) * 0.75
    for layer in range(3):
        line = 0.72 + layer * 0.09 - (clouds(width, 8, chance, 3 + layer * 3, 7)[4] - 0.5) * 0.2
        mask = np.clip((down - line) * height / 1.5, 0, 1)[..., None]
        image = image * (1 - mask) + colour(["#0c2130", "#081620", "#04090e"][layer]) * mask
    return image


def marble(width: int, height: int, chance: Chance) -> Field:
    """Ink drawn through water."""
    stops = [
        ["#0d2f36", "#1f6f6b", "#e8e2d0", "#c98a3b", "#f4efe4", "#17424a"],
        ["#1d2a5c", "#3f6fc4", "#f3ede3", "#cf5b45", "#f7d9b5", "#28346b"],
        ["#3a1238", "#9c2f5d", "#f6d6c8", "#e58b4a", "#fff1dd", "#571b47"],
    ][chance.integers(3)]
    one, two = clouds(width, height, chance, 2, 5), clouds(width, height, chance, 3, 5)
    rows = np.clip((np.arange(height)[:, None] + (one - 0.5) * height * 0.8).astype(int), 0, height - 1)
    columns = np.clip((np.arange(width)[None] + (two - 0.5) * width * 0.8).astype(int), 0, width - 1)
    field = clouds(width, height, chance, 3, 5)[rows, columns]
    slope = np.gradient(field)[0] * 26
    return ramp((field * 2.6) % 1 * 0.98, stops) + np.clip(slope, -0.18, 0.18)[..., None]


def flower(width: int, height: int, chance: Chance) -> Field:
    """Rings of petals, seen from above."""
    back, petals = [
        ("#10201c", ["#6e1f45", "#d8688f", "#ffd3dc"]),
        ("#142038", ["#b06a12", "#f2b632", "#fff0b0"]),
        ("#2a1a2e", ["#4b2a86", "#9a78e0", "#eadfff"]),
        ("#e9e2d6", ["#a8432c", "#e8835a", "#ffe0c2"]),
    ][chance.integers(4)]
    x, y = grid(width, height)
    radius, angle = np.sqrt(x**2 + y**2), np.arctan2(y, x)
    image = np.ones((height, width, 3)) * colour(back) * (1.15 - np.clip(radius, 0, 1.6)[..., None] * 0.35)
    count = int(chance.integers(9, 14))
    for ring in range(9):
        reach = 0.86 - ring * 0.092
        turn = ring * np.pi / count + chance.uniform(0, 0.1)
        part = np.abs(((angle + turn) * count / (2 * np.pi)) % 1 - 0.5) * 2
        edge = reach * (1 - part**2.4 * 0.42)
        mask = np.clip((edge - radius) * min(width, height) / 5, 0, 1)[..., None]
        shade = np.clip(radius / reach, 0, 1) * 0.75 + (1 - part) * 0.25 - np.exp(-(edge - radius) * 26) * 0.1
        shadow = np.exp(-np.abs(radius - edge) * 22)[..., None] * (1 - mask) * 0.38
        image = image * (1 - shadow)
        image = image * (1 - mask) + ramp(shade, petals) * mask
    return image


def paper(width: int, height: int, chance: Chance) -> Field:
    """Sheets of paper cut along the lines of a map, each with its shadow."""
    stops = [
        ["#fff3d6", "#ffd08a", "#f59a4f", "#d95a3d", "#8f2f4d", "#3c1a3f"],
        ["#eefaf3", "#b9e3d3", "#6dbfb0", "#2f8a8c", "#1c5a6b", "#132d44"],
        ["#f7efff", "#d7c2f2", "#a48add", "#6d5cb8", "#3f3d85", "#20224d"],
    ][chance.integers(3)]
    field = clouds(width, height, chance, 2, 3)
    level = np.floor(field * 7.99) / 7
    image = ramp(level, stops)
    thrown = np.roll(np.roll(level, 7, 0), 5, 1)
    shadow = softened((level - thrown) * 3, 4)[..., None]
    return image * (1 - shadow * 0.5) + (chance.random((height, width, 1)) - 0.5) * 0.025


SCENES: dict[str, tuple[Callable[[int, int, Chance], Field], str]] = {
    "mountains": (
        mountains,
        "misty mountain ridges at first light, low sun, layered haze, soft grain, 35 mm",
    ),
    "planet": (
        planet,
        "a ringed gas giant before a nebula, bands of cream and ochre, fine star field, cinematic",
    ),
    "flower": (flower, "a dahlia seen from above, velvety petals in rings, studio light, dark background"),
    "sea": (sea, "sunset over a calm sea, glitter on the waves, warm clouds, long exposure"),
    "paper": (paper, "layered paper cut like a relief map, soft shadows, warm studio light"),
    "aurora": (aurora, "aurora borealis over a dark shore, curtains of green light, clear winter night"),
    "marble": (marble, "ink marbling on water, gold veins, macro photograph, high detail"),
}
SHAPES = ((1216, 832), (1024, 1024), (1344, 768), (832, 1216), (1152, 896), (896, 1152))


def paint(scene: str, width: int, height: int, seed: int) -> Image.Image:
    """One scene as a Pillow image."""
    image = SCENES[scene][0](width, height, np.random.default_rng(seed))
    return Image.fromarray((np.clip(image, 0, 1) * 255).astype(np.uint8))


def painted_png(number: int, *, scale: float = 1.0) -> bytes:
    """The scene of that number as a PNG with ComfyUI's two graphs in it."""
    scene = list(SCENES)[number % len(SCENES)]
    width, height = (int(side * scale) for side in SHAPES[(number * 5 + number // 7 * 2) % len(SHAPES)])
    values = {
        "seed": 2748193301 + number * 7919,
        "steps": 28,
        "cfg": 3.5,
        "sampler": "dpmpp_2m",
        "scheduler": "karras",
    }
    values |= {
        "width": width,
        "height": height,
        "model": ["flux1-dev.safetensors", "sd_xl_base_1.0.safetensors"][number % 2],
    }
    info = PngInfo()
    info.add_text("prompt", json.dumps(comfyui_api_graph(SCENES[scene][1], **values)))
    info.add_text("workflow", json.dumps(comfyui_workflow(SCENES[scene][1], **values)))
    target = io.BytesIO()
    paint(scene, width, height, number).save(target, "PNG", pnginfo=info, compress_level=1)
    return target.getvalue()
