"""Why generated customers buy what they buy: tastes that last, and things that go together.

Recommendations can only be measured on purchases with a reason. Half a basket follows a customer's styles, colours and
rooms, half what they have or are just buying; a little is popularity and chance.
"""

from dataclasses import dataclass
from itertools import accumulate
from random import Random

from shop.catalogue import CatalogueEntry
from shop.vocabulary import COLOUR_FAMILIES, ROOMS, colour_families

BUNDLES = (
    ("Heron floor lamp", "Moorland wing chair", "Bothy tartan cushion", "Ledger magazine rack"),
    ("Stoneware dinner plate", "Stoneware pasta bowl", "Marram side plate", "Sandpiper table runner"),
    ("Larkfield duvet cover", "Fitted sheet in oat", "Waffle cotton throw", "Bedside cabinet"),
    ("Lichen linen duvet cover", "Linen pillowcase pair", "Quilted bedspread", "Drift mohair throw"),
    ("Egyptian cotton bath sheet", "Hand towel pair", "Foam waffle bathrobe", "Alder towel ladder"),
    ("Teak bath mat", "Bamboo bath bridge", "Lavender bath salts jar", "Beeswax candle trio"),
    ("Cast iron casserole", "Oak chopping board", "Magpie kitchen knife", "Kelp oven gloves"),
    ("Granary storage jars", "Gorse measuring cups", "Pantry label jars", "Spice jar rack"),
    ("Pour-over coffee stand", "Hearth espresso cups", "Thistle mug", "Linen tea towel set"),
    ("Windsor dining chair", "Drop-leaf table", "Furrow linen napkins", "Wicker pendant shade"),
    ("Pollard dining table", "Bramble chandelier", "Brass taper holders", "Damson wine glasses"),
    ("Brook writing desk", "Curlew desk lamp", "Felt desk tray", "Tiller office chair"),
    ("Warren bunk bed", "Otter clip lamp", "Tidal toy basket", "Whale paper mobile"),
    ("Meadow children's duvet set", "Acorn night light", "Fox children's rug", "Puffin children's cushion"),
    ("Sedge two-seater sofa", "Moss velvet cushion", "Nest of tables", "Pinecone sherpa blanket"),
    ("Harbour three-seater sofa", "Gannet stripe cushion", "Shingle wool rug", "Cliff watercolour print"),
    ("Lined linen curtains", "Wooden curtain pole", "Tie-back pair", "Voile panel"),
    ("Velour blackout curtains", "Bronze curtain pole", "Winter wool duvet", "Goose down pillow"),
    ("Folding bistro set", "Lantern string lights", "Mariner outdoor cushion", "Outdoor rug in teal"),
    ("Pergola sun lounger", "Loggia parasol", "Hammock in indigo stripe", "Plinth side table"),
    ("Trowel and fork set", "Kneeler garden seat", "Galvanised watering can", "Bulb planting basket"),
    ("Herb planter trough", "Terracotta long tom", "Dahlia glazed planter", "Tumble compost bin"),
    ("Oak bird table", "Hedgerow bird feeder", "Willow picnic hamper", "Bonfire fire bowl"),
    ("Hallway bench with shelf", "Gull peg rail", "Coir doormat", "Rookery shoe rack"),
    ("Arched mirror", "Bud vase set", "Anvil coffee table", "Cobble bouclé cushion"),
    ("Rattan armchair", "Floor cushion in ochre", "Berber style rug", "Woven wall hanging"),
)
"""Names of products that are bought together, or one after the other."""

STYLES = ("coastal", "woodland", "farmhouse", "scandinavian", "heritage", "boho", "modern")
WITH_SOMETHING_OWNED = 0.45
"""How often a product is chosen because it goes with one that is owned or in the basket."""


@dataclass(frozen=True)
class Taste:
    """What a customer likes."""

    styles: tuple[str, ...]
    colours: tuple[str, ...]
    rooms: tuple[str, ...]

    @classmethod
    def random(cls, random: Random) -> "Taste":
        """One or two styles, two families of colour, three rooms."""
        return cls(
            styles=tuple(random.sample(STYLES, random.choice((1, 1, 2)))),
            colours=tuple(random.sample(sorted(COLOUR_FAMILIES), 2)),
            rooms=tuple(random.sample(sorted(ROOMS), 3)),
        )

    def liking(self, product: CatalogueEntry) -> float:
        """How many times likelier than by popularity alone a product is chosen."""
        style = 6.0 if product.style in self.styles else 1.0
        colour = 2.5 if colour_families(product.colour) & set(self.colours) else 1.0
        room = 2.5 if set(product.rooms.split(", ")) & set(self.rooms) else 1.0
        return style * colour * room


class Shopper:
    """A customer who chooses products by taste, and by what goes with the products they have already."""

    def __init__(self, taste: Taste, products: list[CatalogueEntry], popularity: list[float], random: Random) -> None:
        self.taste = taste
        self._products = {product.name: product for product in products}
        self._names = list(self._products)
        likings = (popular * taste.liking(product) for popular, product in zip(popularity, products, strict=True))
        self._weights = list(accumulate(likings))
        self._random = random
        self._owned: list[str] = []

    def basket(self, size: int) -> list[CatalogueEntry]:
        """Up to ``size`` products that this customer has not bought before."""
        chosen: list[str] = []
        size = min(size, len(self._names) - len(self._owned))
        while len(chosen) < size:
            name = self._next(chosen)
            if name not in self._owned:
                chosen.append(name)
                self._owned.append(name)
        return [self._products[name] for name in chosen]

    def _next(self, chosen: list[str]) -> str:
        if self._owned and self._random.random() < WITH_SOMETHING_OWNED:
            beside = self._random.choice(chosen or self._owned)
            together = [name for bundle in BUNDLES if beside in bundle for name in bundle if name not in self._owned]
            if together:
                return self._random.choice(together)
        return self._random.choices(self._names, cum_weights=self._weights)[0]
