"""The words of a prompt are found behind the string and conditioning nodes that people use."""

import json
from typing import Any

import pytest

from imagehist.imaging import comfyui
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


MODEL = api_node("LanguageModel", temperature=1)
STRING_NODES = {
    "primitive": (api_node("PrimitiveStringMultiline", value="found"), "found"),
    "show text": (api_node("ShowText|pysssss", text=["u", 0], text_0="older"), "inner"),
    "show text whose source is unknown": (
        api_node("ShowText|pysssss", text=["l", 0], text_0="shown"),
        "shown",
    ),
    "reroute": (api_node("Reroute (rgthree)", any=["u", 0]), "inner"),
    "unknown node that passes on": (api_node("SomethingNew", whatever=["u", 0], level=3), "inner"),
    "core concatenate": (
        api_node("StringConcatenate", string_a="one", string_b=["u", 0], delimiter=", "),
        "one, inner",
    ),
    "was concatenate": (
        api_node("Text Concatenate", delimiter="\\n", clean_whitespace="true", text_a="one", text_b=["u", 0]),
        "one\ninner",
    ),
    "easy concatenate": (
        api_node("easy promptConcat", prompt1=["u", 0], prompt2="two", separator=" | "),
        "inner | two",
    ),
    "cr concatenate": (api_node("CR Text Concatenate", text1="one", text2="two", separator=""), "onetwo"),
    "join strings": (api_node("JoinStrings", string1="one", string2="two", delimiter=" "), "one two"),
    "impact wildcard": (
        api_node(
            "ImpactWildcardProcessor", wildcard_text="{a|b}", populated_text="a", mode="populate", seed=1
        ),
        "a",
    ),
    "rgthree prompt": (api_node("Power Prompt (rgthree)", prompt="found", insert_lora="CHOOSE"), "found"),
    "easy positive": (api_node("easy positive", positive="found"), "found"),
    "cr prompt text": (api_node("CR Prompt Text", prompt="found"), "found"),
    "was text": (api_node("Text Multiline", text="found"), "found"),
    "switch by number": (
        api_node("ImpactSwitch", select=2, sel_mode=False, input1="no", input2=["u", 0]),
        "inner",
    ),
    "switch by boolean": (
        api_node("Switch any [Crystools]", boolean=False, on_true="no", on_false="yes"),
        "yes",
    ),
    "styler": (
        api_node(
            "SDXLPromptStyler", text_positive="found", text_negative="no", style="base", log_prompt="No"
        ),
        "found",
    ),
}


@pytest.mark.parametrize("name", STRING_NODES)
def test_string_nodes_are_followed(name: str):
    node, expected = STRING_NODES[name]
    found = traced(with_prompt(t=node, u=api_node("PrimitiveString", value="inner"), l=MODEL))
    assert found.prompt == expected
    assert found.negative_prompt == "blurry, watermark"


CONDITIONINGS = {
    "controlnet": api_node(
        "ControlNetApply", conditioning=["6", 0], control_net=["x", 0], image=["y", 0], strength=1
    ),
    "controlnet, both sides": api_node(
        "ControlNetApplyAdvanced", positive=["6", 0], negative=["7", 0], control_net=["x", 0], strength=1
    ),
    "area": api_node("ConditioningSetArea", conditioning=["6", 0], width=64, height=64, x=0, y=0, strength=1),
    "guidance": api_node("FluxGuidance", conditioning=["6", 0], guidance=3.5),
    "timesteps": api_node("ConditioningSetTimestepRange", conditioning=["6", 0], start=0, end=1),
    "zeroed part": api_node("ConditioningCombine", conditioning_1=["6", 0], conditioning_2=["z", 0]),
    "reference": api_node("ReferenceLatent", conditioning=["6", 0], latent=["5", 0]),
    "reroute": api_node("Reroute", **{"": ["6", 0]}),
    "switch": api_node("ImpactSwitch", select=1, input1=["6", 0], input2=["7", 0]),
}


@pytest.mark.parametrize("name", CONDITIONINGS)
def test_conditionings_are_followed(name: str):
    zeroed = api_node("ConditioningZeroOut", conditioning=["7", 0])
    assert traced(with_positive(c=CONDITIONINGS[name], z=zeroed)).prompt == "the words"


@pytest.mark.parametrize("kind", ["ConditioningCombine", "ConditioningConcat", "ConditioningAverage"])
def test_several_texts_are_all_kept(kind: str):
    names = (
        ("conditioning_to", "conditioning_from")
        if kind != "ConditioningCombine"
        else ("conditioning_1", "conditioning_2")
    )
    combine = api_node(kind, **{names[0]: ["6", 0], names[1]: ["d", 0]})
    second = api_node("CLIPTextEncode", text="more words", clip=["4", 1])
    assert traced(with_positive(c=combine, d=second)).prompt == "the words\nmore words"


def test_the_second_output_of_a_two_sided_node_is_the_negative():
    graph = with_positive(
        c=api_node("ControlNetApplyAdvanced", positive=["6", 0], negative=["7", 0], strength=1)
    )
    graph["3"]["inputs"]["negative"] = ["c", 1]
    found = traced(graph)
    assert (found.prompt, found.negative_prompt) == ("the words", "blurry, watermark")


def test_crossed_wires_of_a_two_sided_node_are_seen():
    graph = with_positive(
        c=api_node("ControlNetApplyAdvanced", positive=["6", 0], negative=["7", 0], strength=1)
    )
    graph["3"]["inputs"] |= {"positive": ["c", 1], "negative": ["c", 0]}
    found = traced(graph)
    assert (found.prompt, found.negative_prompt) == ("blurry, watermark", "the words")


def test_a_wildcard_encoder_gives_what_was_filled_in():
    graph = comfyui_api_graph()
    words = {"wildcard_text": "{a|b}", "populated_text": "a", "mode": "populate"}
    graph["6"] = api_node("ImpactWildcardEncode", model=["4", 0], clip=["4", 1], **words)
    assert traced(graph).prompt == "a"


def test_a_circle_does_not_hide_the_words():
    circle = api_node("ConditioningCombine", conditioning_1=["c", 0], conditioning_2=["6", 0])
    graph = with_positive(c=circle)
    graph["3"]["inputs"]["latent_image"] = ["e", 0]
    graph["e"] = api_node("VAEEncode", pixels=["8", 0], vae=["4", 2])
    found = traced(graph)
    assert (found.prompt, found.seed) == ("the words", "156680208700286")


def test_a_zeroed_negative_is_none():
    graph = comfyui_api_graph("the words")
    graph["3"]["inputs"]["negative"] = ["z", 0]
    graph["z"] = api_node("ConditioningZeroOut", conditioning=["6", 0])
    found = traced(graph)
    assert (found.prompt, found.negative_prompt) == ("the words", None)
