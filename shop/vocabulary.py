"""Words that mean the same to a customer: colours by family, and other names for rooms, materials and goods."""

from functools import lru_cache

COLOUR_FAMILIES = {
    "green": ("green", "sage", "olive", "moss", "fern", "emerald", "forest", "lichen"),
    "blue": ("blue", "navy", "teal", "aqua", "indigo", "turquoise", "duck egg", "periwinkle", "cobalt"),
    "grey": ("grey", "gray", "charcoal", "slate", "silver", "smoked", "zinc", "chrome"),
    "white": ("white", "ivory", "cream", "chalk", "off-white", "undyed", "clear"),
    "natural": ("natural", "beige", "oat", "oatmeal", "sand", "linen", "undyed", "tan", "honey"),
    "brown": ("brown", "oak", "walnut", "teak", "ash", "pine", "beech", "bamboo", "cedar", "alder", "tan", "bronze"),
    "black": ("black", "charcoal"),
    "red": ("red", "rust", "terracotta", "coral", "copper"),
    "orange": ("orange", "rust", "terracotta", "saffron", "copper"),
    "yellow": ("yellow", "mustard", "ochre", "saffron", "honey", "gold", "golden", "brass"),
    "pink": ("pink", "coral", "rose"),
    "purple": ("purple", "plum", "mauve", "lavender", "heather", "lilac", "violet"),
    "gold": ("gold", "golden", "brass", "gilt", "bronze"),
}
ROOMS = {
    "living room": ("living room", "lounge", "sitting room", "front room", "snug"),
    "bedroom": ("bedroom", "bed room", "guest room", "spare room"),
    "children's room": (
        "children's room",
        "kids' room",
        "kids room",
        "nursery",
        "child's room",
        "playroom",
        "baby room",
    ),
    "kitchen": ("kitchen", "pantry", "larder"),
    "dining room": ("dining room", "diner"),
    "bathroom": ("bathroom", "bath room", "en suite", "ensuite", "shower room", "loo", "toilet"),
    "hallway": ("hallway", "hall", "landing", "entrance", "porch", "corridor", "entry"),
    "home office": ("home office", "office", "study", "workroom", "desk"),
    "garden": ("garden", "patio", "balcony", "terrace", "outdoors", "outside", "yard", "conservatory"),
}
MATERIALS = {
    "wood": ("wood", "wooden", "timber", "oak", "ash", "pine", "beech", "walnut", "teak", "bamboo", "acacia", "alder",
             "cedar", "birch", "rubberwood", "mango", "eucalyptus", "ebony"),
    "metal": ("metal", "metallic", "iron", "steel", "brass", "copper", "aluminium"),
    "pottery": ("pottery", "ceramic", "porcelain", "stoneware", "earthenware", "china", "clay", "terracotta"),
    "wool": ("wool", "woollen", "woolly", "lambswool", "mohair", "tweed", "sheepskin"),
    "wicker": ("wicker", "basketwork", "cane", "rattan", "willow", "seagrass"),
}  # fmt: skip
"""Kinds of material, and what is of that kind."""
GENERAL_NAMES = 3
"""How many of the names above stand for the whole kind."""
GOODS = {
    "couch": "sofa", "settee": "sofa", "carpet": "rug", "drape": "curtain", "quilt": "duvet", "comforter": "duvet",
    "doona": "duvet", "nightstand": "bedside", "blanket": "throw", "picture": "print",
    "poster": "print", "bookshelf": "bookcase", "shelving": "bookcase", "cup": "mug", "pan": "saucepan",
    "pot": "planter", "footstool": "ottoman",
    "pouffe": "ottoman", "tablecloth": "runner",
}  # fmt: skip
"""What customers call goods that the catalogue names otherwise."""
CATEGORIES = {
    "Lighting": ("lighting", "lamp", "light", "lantern", "chandelier", "sconce", "uplighter", "lampshade", "bulb"),
    "Cushions and throws": ("cushion", "throw", "blanket", "pillow cushion", "scatter cushion", "bolster"),
    "Bedding": ("bedding", "duvet", "pillow", "pillowcase", "sheet", "bedspread", "quilt", "mattress topper",
                "bed linen", "bedclothes", "doona", "comforter"),
    "Tableware": ("tableware", "plate", "bowl", "mug", "cup", "glass", "cutlery", "crockery", "teapot", "jug", "napkin",
                  "dinner set", "platter", "tumbler"),
    "Kitchen": ("kitchen", "kitchenware", "cookware", "pan", "saucepan", "casserole", "pot", "knife", "chopping board",
                "apron", "tea towel", "bread bin", "spice rack"),
    "Storage": ("storage", "basket", "crate", "hamper", "drawer", "shelf", "hook", "rack", "box", "bench", "ottoman"),
    "Bathroom": ("bathroom", "towel", "bath mat", "shower curtain", "soap dish", "bathrobe", "dressing gown",
                 "laundry bag", "bath towel"),
    "Rugs": ("rug", "carpet", "runner", "doormat", "mat"),
    "Furniture": ("furniture", "chair", "armchair", "sofa", "couch", "settee", "table", "desk", "bookcase", "wardrobe",
                  "bed", "bed frame", "stool", "cabinet", "nightstand", "chest of drawers"),
    "Garden": ("garden", "planter", "plant pot", "watering can", "parasol", "bird feeder", "lounger", "hammock",
               "bistro set", "garden furniture", "compost bin", "fire pit"),
    "Curtains and blinds": ("curtain", "blind", "drape", "curtain pole", "voile", "nets"),
    "Decor": ("decor", "decoration", "candle", "mirror", "vase", "clock", "print", "picture", "frame", "wreath",
              "ornament", "wall art", "poster"),
}  # fmt: skip


@lru_cache(maxsize=1024)
def colour_families(colour: str) -> frozenset[str]:
    """The families that a colour belongs to: "moss green" is green, "rust" is red and orange."""
    words = f" {colour.lower()} "
    return frozenset(family for family, names in COLOUR_FAMILIES.items() if any(f" {name} " in words for name in names))
