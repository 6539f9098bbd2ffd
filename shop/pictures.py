"""Pictures of products, drawn from what the shop knows of them: the category gives the shape, the words the colour."""

import colorsys
import hashlib
import re
from html import escape

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.database import open_session
from shop.errors import ShopUnavailable
from shop.models import Product

PATH = re.compile(r"products/([A-Za-z0-9-]{1,20})\.svg")

# Colours and materials as the catalogue words them; the first that a product's texts contain is its colour.
COLOURS = {
    "moss": "#5d7148", "green": "#4f7a5b", "olive": "#77794a", "sage": "#9caf88", "teal": "#3f7f82",
    "navy": "#2f4160", "indigo": "#3f4a7d", "blue": "#5b82a6", "sea": "#7d9aa5", "rust": "#a9583c",
    "terracotta": "#bf6f4e", "red": "#a8423f", "pink": "#d59a9c", "ochre": "#c9952f", "mustard": "#c79a33",
    "yellow": "#dbb95a", "gold": "#c3a04c", "brass": "#b9923f", "copper": "#b87350", "walnut": "#6d4a33",
    "oak": "#b98d58", "ash": "#cdb48c", "wicker": "#b68f5f", "willow": "#b68f5f", "jute": "#b99a6b",
    "charcoal": "#4b4f54", "slate": "#66717a", "grey": "#9aa1a6", "black": "#3a3a3c", "stoneware": "#a8a79b",
    "linen": "#d8ccb4", "oat": "#ddd0b6", "cream": "#eadfc8", "ivory": "#e9e2d0", "white": "#e6e4de",
}  # fmt: skip

# Each shape is drawn on 120 by 120: {c} is the product's colour, {d} a darker and {l} a lighter one.
SHAPES = {
    "Lighting": '<path d="M60 12v18" stroke="{d}" stroke-width="3"/><path d="M44 30h32l14 34H30z" fill="{c}"/>'
    '<path d="M60 64v36M42 102h36" stroke="{d}" stroke-width="5" stroke-linecap="round"/>'
    '<path d="M34 68h52l8 20H26z" fill="#ffe9a8" opacity=".55"/>',
    "Cushions and throws": '<path d="M24 30q36 10 72 0q-10 30 0 62q-36-10-72 0q10-32 0-62z" fill="{c}"/>'
    '<path d="M34 40q26 6 52 0M34 82q26-6 52 0" fill="none" stroke="{l}" stroke-width="3"/>'
    '<circle cx="60" cy="61" r="4" fill="{d}"/>',
    "Bedding": '<path d="M16 44v52M104 62v34" stroke="{d}" stroke-width="5" stroke-linecap="round"/>'
    '<path d="M18 66h86v20H18z" fill="{c}"/><rect x="22" y="52" width="26" height="16" rx="7" fill="{l}"/>'
    '<path d="M50 66q6-14 24-12q22 0 28 12z" fill="{c}"/>',
    "Tableware": '<ellipse cx="60" cy="66" rx="44" ry="30" fill="{c}"/>'
    '<ellipse cx="60" cy="64" rx="29" ry="19" fill="{l}"/>'
    '<ellipse cx="60" cy="63" rx="22" ry="14" fill="{c}" opacity=".5"/>',
    "Kitchen": '<path d="M28 48h64v34q0 16-16 16H44q-16 0-16-16z" fill="{c}"/><path d="M24 48h72" stroke="{d}" '
    'stroke-width="6" stroke-linecap="round"/><path d="M52 38h16M18 62h10M92 62h10" stroke="{d}" stroke-width="6" '
    'stroke-linecap="round"/>',
    "Furniture": '<path d="M40 18h40v42H40z" fill="{c}"/><path d="M34 60h52v12H34z" fill="{l}"/>'
    '<path d="M38 72v32M82 72v32M40 18v42M80 18v42" stroke="{d}" stroke-width="5" stroke-linecap="round"/>',
    "Rugs": '<path d="M28 26h64l10 68H18z" fill="{c}"/><path d="M34 36h52l6 48H28z" fill="none" stroke="{l}" '
    'stroke-width="4"/><path d="M60 44l12 16-12 16-12-16z" fill="{d}"/>',
    "Storage": '<path d="M24 46h72l-8 52H32z" fill="{c}"/><path d="M20 40h80v10H20z" fill="{d}"/>'
    '<path d="M46 64h28" stroke="{l}" stroke-width="7" stroke-linecap="round"/>',
    "Bathroom": '<path d="M30 20h60v74H30z" fill="{c}"/><path d="M30 74h60v8H30z" fill="{l}"/>'
    '<path d="M22 20h76" stroke="{d}" stroke-width="5" stroke-linecap="round"/><path d="M60 20v74" stroke="{d}" '
    'opacity=".25" stroke-width="2"/>',
    "Garden": '<path d="M34 68h52l-8 36H42z" fill="{c}"/><path d="M30 60h60v10H30z" fill="{d}"/>'
    '<path d="M60 60q-4-26-24-32q2 22 24 32q0-30 16-42q10 22-16 42q6-16 24-18q-4 16-24 18z" fill="#6b8f5a"/>',
    "Curtains and blinds": '<path d="M16 20h88" stroke="{d}" stroke-width="5" stroke-linecap="round"/>'
    '<path d="M24 22h30q2 40-18 78H24z" fill="{c}"/><path d="M96 22H66q-2 40 18 78h12z" fill="{c}"/>'
    '<path d="M34 24q0 40-4 74M44 24q0 30-6 60M86 24q0 40 4 74M76 24q0 30 6 60" fill="none" stroke="{l}" '
    'stroke-width="2"/>',
    "Decor": '<path d="M46 22h28v12q18 12 18 36 0 32-32 32T28 70q0-24 18-36z" fill="{c}"/>'
    '<path d="M42 24h36" stroke="{d}" stroke-width="6" stroke-linecap="round"/>'
    '<path d="M38 62q22 12 44 0" fill="none" stroke="{l}" stroke-width="4"/>',
}


def product_picture(name: str) -> str | None:
    """The SVG drawing for ``products/<sku>.svg``; None where the shop has no such product."""
    match = PATH.fullmatch(name)
    if not match:
        return None
    try:
        with open_session() as session:
            product = find_product(session, match[1])
            return draw(product.category.name, product.name, product.description) if product else None
    except ShopUnavailable:
        return None


def find_product(session: Session, sku: str) -> Product | None:
    """The product with an article number."""
    found: Product | None = session.execute(select(Product).where(Product.sku == sku)).scalar_one_or_none()
    return found


def draw(category: str, name: str, description: str) -> str:
    """A drawing, the same for the same product; a category without a shape of its own gets a vase."""
    colour = colour_of(name, description)
    shape = SHAPES.get(category, SHAPES["Decor"])
    body = shape.format(c=colour, d=shade(colour, -0.22), l=shade(colour, 0.25))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 120" role="img">'
        f"<title>{escape(name)}</title>"
        f'<rect width="120" height="120" fill="{shade(colour, 0.62)}"/>'
        f'<ellipse cx="60" cy="105" rx="42" ry="5" fill="#000" opacity=".08"/>{body}</svg>'
    )


def colour_of(name: str, description: str) -> str:
    """The colour that a product's texts name; without one, a quiet colour of its own."""
    words = re.findall(r"[a-z]+", f"{name} {description}".lower())
    for word in words:
        if word in COLOURS:
            return COLOURS[word]
    hue = hashlib.sha256(name.encode()).digest()[0] / 255
    return _hex(*colorsys.hls_to_rgb(hue, 0.58, 0.25))


def shade(colour: str, by: float) -> str:
    """A colour moved towards white (``by`` up to 1) or black (down to -1)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return _hex(*(part + (1 - part) * by if by > 0 else part * (1 + by) for part in parts))


def _hex(*parts: float) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)
