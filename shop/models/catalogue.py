"""What Fernhill sells, and who waits for it."""

from datetime import datetime

from sqlalchemy import Column, DateTime, ForeignKey, Integer, String, Text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, relationship

from shop.models.base import Base, utc_now


class Category(Base):
    """A shelf of the shop, such as lighting."""

    __tablename__ = "categories"

    id: Mapped[int] = Column(Integer, primary_key=True)
    name: Mapped[str] = Column(String(60), nullable=False, unique=True)


class Product(Base):
    """Something that Fernhill sells. ``rooms`` is a list in one text: "bedroom, living room"."""

    __tablename__ = "products"

    id: Mapped[int] = Column(Integer, primary_key=True)
    sku: Mapped[str] = Column(String(12), nullable=False, unique=True)
    category_id: Mapped[int] = Column(ForeignKey("categories.id"), nullable=False, index=True)
    name: Mapped[str] = Column(String(120), nullable=False)
    description: Mapped[str] = Column(Text, nullable=False)
    price_pence: Mapped[int] = Column(Integer, nullable=False)
    stock: Mapped[int] = Column(Integer, nullable=False)
    colour: Mapped[str] = Column(String(40), nullable=False, default="")
    material: Mapped[str] = Column(String(60), nullable=False, default="")
    rooms: Mapped[str] = Column(String(120), nullable=False, default="")
    style: Mapped[str] = Column(String(30), nullable=False, default="")
    dimensions: Mapped[str] = Column(String(80), nullable=False, default="")
    weight_g: Mapped[int] = Column(Integer, nullable=False, default=0)
    care: Mapped[str] = Column(Text, nullable=False, default="")

    category: Mapped[Category] = relationship("Category")


class StockNotice(Base):
    """Somebody who wants to hear when a product is back."""

    __tablename__ = "stock_notices"
    __table_args__ = (Unique("product_id", "email"),)

    id: Mapped[int] = Column(Integer, primary_key=True)
    product_id: Mapped[int] = Column(ForeignKey("products.id"), nullable=False)
    email: Mapped[str] = Column(String(254), nullable=False, index=True)
    asked_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)
