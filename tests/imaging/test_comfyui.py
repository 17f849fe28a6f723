"""ComfyUI graphs give prompt, model, LoRAs and settings, whatever sampler they are built around."""

import json
from typing import Any

from imagehist.imaging import comfyui
from imagehist.model.records import Generation
from tests.pictures import api_node, comfyui_api_graph, comfyui_workflow, ui_node


def traced(graph: Any, workflow: Any = None) -> Generation:
    prompt = None if graph is None else json.dumps(graph)
    return comfyui.read(prompt, None if workflow is None else json.dumps(workflow))[0]


def test_the_default_graph_gives_everything():
    found = traced(comfyui_api_graph("a cat", lora="style.safetensors"), comfyui_workflow("a cat"))
    assert (found.tool, found.prompt, found.negative_prompt) == ("comfyui", "a cat", "blurry, watermark")
    assert (found.model, found.seed) == ("sd_xl_base_1.0.safetensors", "156680208700286")
    assert (found.steps, found.cfg, found.sampler, found.scheduler) == (20, 8.0, "euler", "normal")
    assert found.loras == ["style.safetensors"]
    assert found.texts == []
    assert found.workflow["nodes"]
    assert found.provenance["prompt"] == "traced"
    assert found.provenance["workflow"] == "embedded"


def test_seeds_of_64_bits_stay_exact():
    assert traced(comfyui_api_graph(seed=2**64 - 1)).seed == "18446744073709551615"


def test_sdxl_and_flux_encoders_give_each_text_once():
    graph = comfyui_api_graph()
    graph["6"] = api_node(
        "CLIPTextEncodeSDXL", clip=["4", 1], text_g="global", text_l="local", width=64, height=64
    )
    graph["7"] = api_node("CLIPTextEncodeFlux", clip=["4", 1], clip_l="same", t5xxl="same", guidance=3.5)
    found = traced(graph)
    assert (found.prompt, found.negative_prompt) == ("global\nlocal", "same")


def flux_graph() -> dict[str, Any]:
    """The documented Flux graph: noise, guider, sampler and sigmas are nodes of their own."""
    return {
        "6": api_node("CLIPTextEncode", text="a fox", clip=["11", 0]),
        "8": api_node("VAEDecode", samples=["13", 0], vae=["10", 0]),
        "9": api_node("SaveImage", filename_prefix="flux", images=["8", 0]),
        "10": api_node("VAELoader", vae_name="ae.safetensors"),
        "11": api_node(
            "DualCLIPLoader", clip_name1="t5.safetensors", clip_name2="clip_l.safetensors", type="flux"
        ),
        "12": api_node("UNETLoader", unet_name="flux1-dev.safetensors", weight_dtype="default"),
        "13": api_node(
            "SamplerCustomAdvanced",
            noise=["25", 0],
            guider=["22", 0],
            sampler=["16", 0],
            sigmas=["17", 0],
            latent_image=["27", 0],
        ),
        "16": api_node("KSamplerSelect", sampler_name="euler"),
        "17": api_node("BasicScheduler", scheduler="simple", steps=24, denoise=1, model=["30", 0]),
        "22": api_node("BasicGuider", model=["30", 0], conditioning=["26", 0]),
        "25": api_node("RandomNoise", noise_seed=219670278747233),
        "26": api_node("FluxGuidance", guidance=3.5, conditioning=["6", 0]),
        "27": api_node("EmptySD3LatentImage", width=64, height=48, batch_size=1),
        "30": api_node("ModelSamplingFlux", max_shift=1.15, base_shift=0.5, model=["31", 0]),
        "31": api_node(
            "LoraLoaderModelOnly", lora_name="turbo.safetensors", strength_model=1, model=["12", 0]
        ),
    }


def test_custom_sampling_is_traced_through_its_parts():
    found = traced(flux_graph())
    assert (found.prompt, found.negative_prompt) == ("a fox", None)
    assert (found.model, found.loras) == ("flux1-dev.safetensors", ["turbo.safetensors"])
    assert (found.seed, found.steps, found.cfg) == ("219670278747233", 24, 3.5)
    assert (found.sampler, found.scheduler) == ("euler", "simple")


def test_a_guider_with_both_sides_is_traced():
    graph = flux_graph()
    graph["22"] = api_node("CFGGuider", model=["30", 0], positive=["26", 0], negative=["7", 0], cfg=2.5)
    graph["7"] = api_node("CLIPTextEncode", text="fog", clip=["11", 0])
    found = traced(graph)
    assert (found.prompt, found.negative_prompt, found.cfg) == ("a fox", "fog", 2.5)


def test_the_sampler_of_the_saved_image_wins():
    graph = comfyui_api_graph("the saved one")
    graph["n"] = api_node("CLIPTextEncode", text="another picture", clip=["4", 1])
    other = dict(graph["3"]["inputs"], positive=["n", 0], seed=5)
    graph = {"1": api_node("KSampler", **other), "2": api_node("PreviewImage", images=["1", 0])} | graph
    found = traced(graph)
    assert (found.prompt, found.seed) == ("the saved one", "156680208700286")


def test_a_refiner_that_adds_no_noise_does_not_give_the_seed():
    graph = comfyui_api_graph("base words")
    first = dict(graph["3"]["inputs"], add_noise="enable", noise_seed=77)
    del first["seed"]
    second = dict(first, add_noise="disable", noise_seed=0, latent_image=["b", 0])
    graph["b"], graph["3"] = api_node("KSamplerAdvanced", **first), api_node("KSamplerAdvanced", **second)
    assert traced(graph).seed == "77"


def test_a_detailer_after_the_sampler_does_not_take_its_place():
    graph = comfyui_api_graph("a portrait")
    graph["f"] = api_node("CLIPTextEncode", text="a face", clip=["4", 1])
    graph["d"] = api_node(
        "FaceDetailer", image=["8", 0], positive=["f", 0], negative=["7", 0], seed=1, steps=4
    )
    graph["9"]["inputs"]["images"] = ["d", 0]
    found = traced(graph)
    assert (found.prompt, found.steps) == ("a portrait", 20)


def test_settings_may_come_from_primitives():
    graph = comfyui_api_graph()
    graph["3"]["inputs"] |= {"seed": ["s", 0], "steps": ["i", 0], "cfg": ["r", 0]}
    graph["s"] = api_node("Seed (rgthree)", seed=99)
    graph["i"] = api_node("PrimitiveInt", value=33)
    graph["r"] = api_node("Reroute (rgthree)", any=["f", 0])
    graph["f"] = api_node("PrimitiveFloat", value=4.5)
    found = traced(graph)
    assert (found.seed, found.steps, found.cfg) == ("99", 33, 4.5)


def test_an_efficient_loader_holds_the_words_itself():
    loader = api_node(
        "Efficient Loader",
        ckpt_name="m.safetensors",
        lora_name="None",
        positive="good",
        negative="bad",
        clip_skip=-1,
    )
    sampler = api_node(
        "KSampler (Efficient)",
        seed=5,
        steps=9,
        cfg=3,
        sampler_name="lcm",
        scheduler="karras",
        model=["1", 0],
        positive=["1", 1],
        negative=["1", 2],
        latent_image=["1", 3],
    )
    found = traced({"1": loader, "2": sampler, "3": api_node("SaveImage", images=["2", 5])})
    assert (found.prompt, found.negative_prompt, found.model) == ("good", "bad", "m.safetensors")
    assert (found.seed, found.steps, found.loras) == ("5", 9, [])


def test_pipes_are_followed():
    found = traced(
        {
            "1": api_node(
                "easy fullLoader", ckpt_name="m.safetensors", positive="good", negative="bad", batch_size=1
            ),
            "2": api_node(
                "easy preSampling", pipe=["1", 0], steps=9, cfg=3, sampler_name="lcm", scheduler="sgm", seed=5
            ),
            "3": api_node("easy kSampler", pipe=["2", 0], image_output="Hide"),
            "4": api_node("SaveImage", images=["3", 1]),
        }
    )
    assert (found.prompt, found.negative_prompt, found.model) == ("good", "bad", "m.safetensors")
    assert (found.seed, found.steps, found.cfg, found.sampler, found.scheduler) == ("5", 9, 3.0, "lcm", "sgm")


def test_an_impact_pipe_is_followed():
    graph = comfyui_api_graph("the words")
    bundle = {
        "model": ["4", 0],
        "clip": ["4", 1],
        "vae": ["4", 2],
        "positive": ["6", 0],
        "negative": ["7", 0],
    }
    graph["p"] = api_node("ToBasicPipe", **bundle)
    graph["q"] = api_node("FromBasicPipe", basic_pipe=["p", 0])
    graph["3"]["inputs"] |= {"positive": ["q", 3], "negative": ["q", 4], "model": ["q", 0]}
    found = traced(graph)
    assert (found.prompt, found.negative_prompt) == ("the words", "blurry, watermark")
    assert found.model == "sd_xl_base_1.0.safetensors"


def test_loras_of_every_kind_are_listed_when_on():
    graph = comfyui_api_graph("x <lora:tagged:0.5>")
    graph["3"]["inputs"]["model"] = ["p", 0]
    graph["p"] = api_node(
        "Power Lora Loader (rgthree)",
        lora_1={"on": True, "lora": "power.safetensors", "strength": 1},
        lora_2={"on": False, "lora": "off.safetensors", "strength": 1},
        model=["q", 0],
    )
    graph["q"] = api_node("LoraLoader|pysssss", lora_name={"content": "custom.safetensors"}, model=["r", 0])
    stack = {
        "switch_1": "On",
        "lora_name_1": "stacked.safetensors",
        "switch_2": "Off",
        "lora_name_2": "no.safetensors",
    }
    graph["s"] = api_node("CR LoRA Stack", **stack)
    graph["r"] = api_node("CR Apply LoRA Stack", model=["4", 0], clip=["4", 1], lora_stack=["s", 0])
    found = traced(graph)
    assert set(found.loras) == {"power.safetensors", "custom.safetensors", "stacked.safetensors", "tagged"}
    assert found.model == "sd_xl_base_1.0.safetensors"


def test_a_lora_at_strength_zero_is_not_listed():
    graph = comfyui_api_graph(lora="silent.safetensors")
    graph["10"]["inputs"] |= {"strength_model": 0, "strength_clip": 0}
    assert traced(graph).loras == []


def test_the_editors_graph_is_traced_when_it_is_all_there_is():
    found = traced(None, comfyui_workflow("only here", lora="style.safetensors"))
    assert (found.prompt, found.negative_prompt) == ("only here", "blurry, watermark")
    assert (found.seed, found.steps, found.cfg, found.sampler) == ("156680208700286", 20, 8.0, "euler")
    assert (found.model, found.loras) == ("sd_xl_base_1.0.safetensors", ["style.safetensors"])


def test_the_editors_reroutes_and_primitives_are_followed():
    workflow = comfyui_workflow("unused")
    encoder = next(node for node in workflow["nodes"] if node["id"] == 6)
    encoder["inputs"].append({"name": "text", "type": "STRING", "link": 90, "widget": {"name": "text"}})
    workflow["nodes"] += [
        ui_node(20, "Reroute", [], **{"": 91}),
        ui_node(21, "PrimitiveNode", ["from the primitive", "fixed"]),
    ]
    workflow["links"] += [[90, 20, 0, 6, 1, "*"], [91, 21, 0, 20, 0, "STRING"]]
    assert traced(None, workflow).prompt == "from the primitive"


def test_widgets_named_by_the_editor_are_read():
    workflow = comfyui_workflow()
    sampler = next(node for node in workflow["nodes"] if node["id"] == 3)
    sampler["type"] = "KSamplerOfSomebody"
    sampler["widgets_values"] = [42, "randomize", 7, "heun"]
    for name in ("seed", "steps", "sampler_name"):
        sampler["inputs"].append({"name": name, "link": None, "widget": {"name": name}})
    found = traced(None, workflow)
    assert (found.seed, found.steps, found.sampler) == ("42", 7, "heun")


def test_bypassed_nodes_pass_on_and_muted_ones_are_gone():
    workflow = comfyui_workflow("words", lora="bypassed.safetensors")
    next(node for node in workflow["nodes"] if node["id"] == 10)["mode"] = 4
    found = traced(None, workflow)
    assert (found.loras, found.model) == ([], "sd_xl_base_1.0.safetensors")
    next(node for node in workflow["nodes"] if node["id"] == 3)["mode"] = 2
    assert traced(None, workflow).seed is None
