"""Prompts, tags and workflows as people write them, in English and Korean, drawn at random."""

from __future__ import annotations

from random import Random

SUBJECTS = (
    *("a lighthouse above a stormy bay", "portrait of an old clockmaker", "an astronaut in a tea garden"),
    *("two foxes under birch trees", "a market street after rain", "a glass greenhouse at night"),
    *("a ceramic robot watering ferns", "an abandoned swimming pool", "a violinist on a rooftop"),
    *(
        "비 오는 골목의 고양이",
        "한복을 입은 소녀",
        "눈 덮인 산사의 새벽",
        "바닷가 등대와 갈매기",
        "서울 야경과 한강",
    ),
    *(
        "숲속의 작은 도서관",
        "단풍 든 돌담길",
        "우주비행사의 초상화",
        "장독대 위의 햇살",
        "오래된 시계 수리공",
    ),
)
STYLES = (
    *("oil painting", "35mm film photo", "watercolor on rough paper", "isometric render", "ink drawing"),
    *("studio light", "golden hour", "volumetric fog", "shallow depth of field", "wide angle, f/2.8"),
    *("수채화", "필름 사진", "부드러운 역광", "극사실적 묘사", "파스텔 톤", "고해상도", "영화 같은 조명"),
)
DETAILS = (
    *("intricate detail", "muted colors", "soft shadows", "sharp focus", "8k", "grainy", "symmetrical"),
    *(
        "(masterpiece:1.2)",
        "best quality",
        "trending",
        "차분한 색감",
        "섬세한 질감",
        "안개",
        "물에 비친 그림자",
    ),
)
NEGATIVES = ("blurry, lowres, bad hands", "text, watermark, signature", "흐림, 저화질", "")
MODELS = ("sd_xl_base_1.0", "flux1-dev", "dreamshaper_8", "qwen-image", "koreanStyle_v3")
SAMPLERS = ("euler", "dpmpp_2m", "dpmpp_sde", "ddim", "uni_pc")
RATIOS = (
    ("1:1", 1024, 1024),
    ("3:2", 1216, 832),
    ("2:3", 832, 1216),
    ("16:9", 1344, 768),
    ("9:16", 768, 1344),
)
WORKFLOWS = tuple(f"workflow-{number:02}" for number in range(12))
TAGS = tuple(f"tag-{number:03}" if number % 3 else f"태그-{number:03}" for number in range(200))

_ZIPF = [0.0]
for _rank in range(1, len(TAGS) + 1):
    _ZIPF.append(_ZIPF[-1] + 1 / _rank)


def prompt(random: Random) -> str:
    """One prompt of 5 to 14 phrases."""
    details = random.choices(DETAILS, k=random.randint(2, 9))
    return ", ".join((random.choice(SUBJECTS), *random.sample(STYLES, 2), *details))


def tags(random: Random) -> list[str]:
    """Up to four tags; the n-th most frequent is drawn 1/n as often as the first."""
    found = random.choices(TAGS, cum_weights=_ZIPF[1:], k=random.randint(0, 4))
    return list(dict.fromkeys(found))
