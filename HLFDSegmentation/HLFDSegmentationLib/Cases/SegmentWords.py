"""Words by which people name an organ, a tumour, a cyst or what is neither, in several languages."""

import re
import unicodedata
from functools import lru_cache

LONG_ENOUGH = 5
"""Words of this many letters are found within others ("Nierentumor"); shorter ones stand alone."""

WORDS = {
    "kidney": (
        *("kidney", "kidneys", "renal", "niere", "nieren", "rein", "reins", "rene", "reni", "rinon", "rinones"),
        *("rim", "rins", "nier", "nyre", "njure", "munuai", "nerka", "nerki", "ledvin", "bobrek", "vese"),
        *("почка", "почки", "нирка", "肾", "腎", "신장"),
    ),
    "liver": (
        *("liver", "hepatic", "hepar", "leber", "foie", "hepatique", "fegato", "higado", "figado", "lever"),
        *("maksa", "watrob", "jatra", "karaciger", "ficat", "maj", "печень", "печінка", "肝", "간"),
    ),
    "tumor": (
        *("tumor", "tumour", "tumeur", "tumoral", "lesion", "laesion", "laesie", "lasion", "neoplas", "cancer"),
        *(
            "carcinom",
            "karzinom",
            "krebs",
            "malign",
            "metasta",
            "adenom",
            "oncocytom",
            "mass",
            "masse",
            "masa",
            "massa",
        ),
        *("rcc", "ccrcc", "hcc", "tum", "guz", "nowotwor", "kasvain", "svulst", "gezwel", "nador"),
        *("опухоль", "пухлина", "肿瘤", "腫瘍", "종양"),
    ),
    "cyst": (
        *("cyst", "cysts", "zyste", "zysten", "kyste", "kystes", "quiste", "quistes", "cisti", "cisto", "cistos"),
        *("cysta", "torbiel", "киста", "囊肿", "嚢胞"),
    ),
    "neither": (
        *("adrenal", "suprarenal", "surrenal", "nebenniere", "vein", "veins", "vena", "vene", "venen", "veine"),
        *("artery", "arteri", "arterie", "vessel", "vascul", "gefass", "vaisseau", "vaso", "vasi", "portal", "ureter"),
        *("perirenal", "pararenal", "perinephric", "gallbladder", "fat", "fett", "graisse", "box", "body", "skin"),
    ),
    "elsewhere": (
        *("lung", "lunge", "poumon", "pulmon", "pancrea", "pankrea", "spleen", "milz", "splen", "colon", "bowel"),
        *("stomach", "magen", "prostat", "bladder", "blase", "vessie", "brain", "hirn", "breast", "bone", "knochen"),
        *("lymph", "vertebra", "rib", "rips", "muscle", "heart", "aorta"),
    ),
}
"""What -> words, without accents, in small letters. "neither" is no organ although it may name one; "elsewhere" are
other organs."""

WITHOUT_TUMOUR = re.compile(
    r"\b(non?|without|ohne|sans|senza|sin|sem)( (any|a|the))? (tum|lesion|lasion|mass)|\b(tumou?r|lesion) ?(free|frei)"
)
"""Of a plain text: a tumour that is denied."""


@lru_cache(maxsize=2000)
def wordsIn(name: str) -> frozenset[str]:
    """What a name speaks of: kidney, liver, tumor, cyst, neither, elsewhere; a tumour that it denies is not told."""
    text = _plain(name)
    tokens = set(text.split())
    found = {what for what, words in WORDS.items() if any(_stands(word, tokens) for word in words)}
    if "tumor" in found and WITHOUT_TUMOUR.search(text):
        found.discard("tumor")
    return frozenset(found)


def _stands(word: str, tokens: set[str]) -> bool:
    if word in tokens:
        return True
    isFoundWithin = len(word) >= LONG_ENOUGH or not word.isascii()
    return isFoundWithin and any(word in token for token in tokens)


def _plain(name: str) -> str:
    """Words in small letters without accents, apart from one another: "KidneyTumor_2" becomes "kidney tumor"."""
    apart = re.sub(r"(?<=[a-zß-ÿ])(?=[A-Z])", " ", name)
    bare = "".join(one for one in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(one))
    bare = unicodedata.normalize("NFC", bare).lower().replace("ß", "ss").replace("ø", "o").replace("ł", "l")
    return " ".join(re.findall(r"[^\W\d_]+", bare))
