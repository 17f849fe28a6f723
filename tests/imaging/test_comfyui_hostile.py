"""No embedded graph or text fails an upload or takes long, and untraced words stay searchable."""

import json
import random
import time
from typing import Any

import pytest

from imagehist.imaging import comfyui
from imagehist.imaging.graph import TooTangled, from_api
from imagehist.model.records import Generation
from tests.pictures import api_node, comfyui_api_graph


def traced(graph: Any, workflow: Any = None) -> Generation:
    prompt = None if graph is None else json.dumps(graph)
    return comfyui.read(prompt, None if workflow is None else json.dumps(workflow))[0]


def with_prompt(**nodes: Any) -> dict[str, Any]:
    """The default graph whose positive encoder takes its text from node `t`."""
    graph = comfyui_api_graph("unused")
    graph["6"]["inputs"]["text"] = ["t", 0]
    return graph | nodes


def with_positive(**nodes: Any) -> dict[str, Any]:
    """The default graph whose sampler takes its positive conditioning from node `c`."""
    graph = comfyui_api_graph("the words")
    graph["3"]["inputs"]["positive"] = ["c", 0]
    return graph | nodes


def test_when_tracing_fails_every_string_stays_searchable():
    graph = {"1": api_node("MysteryMaker", spell="abracadabra", list=["deep", {"er": "hocus"}], count=3)}
    found = traced(graph)
    assert found.prompt is None
    assert {"abracadabra", "deep", "hocus"} <= set(found.texts)
    assert "prompt" not in found.provenance


def test_kept_strings_are_bounded():
    graph = {str(number): api_node("Mystery", spell=f"{number} " + "한" * 900) for number in range(200)}
    texts = traced(graph).texts
    assert 60_000 < sum(len(text.encode()) for text in texts) <= 65_536


def test_nan_and_lone_surrogates_are_no_obstacle():
    text = json.dumps(comfyui_api_graph("NaN \ud800 stays"))
    text = text.replace('"_meta"', '"is_changed": [NaN, -Infinity], "_meta"')
    found, _ = comfyui.read(text, None)
    assert found.prompt == "NaN ? stays"


HOSTILE_GRAPHS: dict[str, Any] = {
    "self loop": {
        "1": api_node("KSampler", positive=["1", 0], negative=["1", 0], seed=["1", 0], model=["1", 0])
    },
    "text loop": with_prompt(
        t=api_node("Text Concatenate", text_a=["u", 0], text_b="a"),
        u=api_node("Text Concatenate", text_a=["t", 0], text_b="b"),
    ),
    "doubling": with_prompt(
        t=api_node("StringConcatenate", string_a=["d0", 0], string_b=["d0", 0], delimiter="")
    )
    | {
        f"d{n}": api_node(
            "StringConcatenate", string_a=[f"d{n + 1}", 0], string_b=[f"d{n + 1}", 0], delimiter=""
        )
        for n in range(50)
    }
    | {"d50": api_node("PrimitiveString", value="x" * 1000)},
    "doubling conditionings": with_positive(
        c=api_node("ConditioningCombine", conditioning_1=["c0", 0], conditioning_2=["c0", 0])
    )
    | {
        f"c{n}": api_node(
            "ConditioningCombine", conditioning_1=[f"c{n + 1}", 0], conditioning_2=[f"c{n + 1}", 0]
        )
        for n in range(50)
    }
    | {"c50": api_node("CLIPTextEncode", text="x", clip=["4", 1])},
    "long chain": with_prompt(t=api_node("Reroute", any=["r0", 0]))
    | {f"r{n}": api_node("Reroute", any=[f"r{n + 1}", 0]) for n in range(4000)},
    "many nodes": {
        str(n): api_node("KSampler", positive=[str(n + 1), 0], negative=[], seed=1) for n in range(20_000)
    },
    "wide": {
        "1": api_node(
            "KSampler", seed=1, negative=0, positive=["1", 0], **{f"m{n}": ["1", 0] for n in range(50_000)}
        )
    },
    "wrong types": {
        "1": {"class_type": "KSampler", "inputs": {"seed": [], "positive": {}, "negative": 3, "steps": "x"}}
    },
    "inputs no object": {"1": {"class_type": "KSampler", "inputs": []}, "2": 5, "3": None},
    "odd links": with_prompt(
        t=api_node("Reroute", any=["u", "0"], b=["u"], c=["u", 0, 0], d=[None, 0], e=[["u"], 0])
    ),
    "odd values": comfyui_api_graph(
        seed=-1, steps=10**30, cfg=1e300, sampler=5, scheduler=None, model=["x", 0]
    ),
    "a list": [1, 2, 3],
    "a string": "prompt",
    "empty": {},
}


@pytest.mark.parametrize("name", HOSTILE_GRAPHS)
def test_no_graph_fails_or_takes_long(name: str):
    began = time.process_time()
    found, _ = comfyui.read(json.dumps(HOSTILE_GRAPHS[name]), json.dumps(HOSTILE_GRAPHS[name]))
    assert found.tool == "comfyui"
    assert len(found.prompt or "") <= 65_536
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[" * 100_000, '{"a":' * 5_000, '{"1": ' + "9" * 5_000 + "}", "x" * (3 << 20)]
)
def test_no_text_fails(text: str):
    for pair in ((text, None), (None, text), (text, text)):
        comfyui.read(*pair)


def test_what_is_too_large_is_left_alone():
    with pytest.raises(TooTangled):
        from_api({str(number): api_node("X") for number in range(5_001)})
    _, warnings = comfyui.read(None, json.dumps({"nodes": [], "note": "x" * (2 << 20)}))
    assert warnings == ["metadata dropped: workflow is not readable"]


def test_a_deep_workflow_is_dropped_with_a_warning():
    value: Any = "bottom"
    for _ in range(500):
        value = {"a": value}
    found, warnings = comfyui.read(json.dumps(comfyui_api_graph("kept")), json.dumps(value))
    assert found.workflow is None
    assert found.prompt == "kept"
    assert warnings == ["metadata dropped: workflow is nested too deep"]


def test_random_graphs_never_fail():
    chance = random.Random(7)
    names = (
        "text",
        "positive",
        "negative",
        "model",
        "seed",
        "steps",
        "clip",
        "pipe",
        "guider",
        "select",
        "input1",
    )
    kinds = (
        "KSampler",
        "CLIPTextEncode",
        "SaveImage",
        "ConditioningCombine",
        "ImpactSwitch",
        "X",
        "LoraLoader",
    )
    for _ in range(400):
        size = chance.randrange(1, 30)
        values = ["text", 3, None, True, 2.5, [], {}, *([str(n), chance.randrange(3)] for n in range(size))]
        graph = {
            str(n): api_node(
                chance.choice(kinds), **{name: chance.choice(values) for name in chance.sample(names, 5)}
            )
            for n in range(size)
        }
        comfyui.read(json.dumps(graph), None)
