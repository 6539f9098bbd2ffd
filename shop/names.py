"""Names that generated customers are given."""

FIRST_NAMES = (
    "Aoife", "Arjun", "Beatriz", "Callum", "Chidi", "Clara", "Dafydd", "Elif", "Emeka", "Fatima", "Freya", "George",
    "Hana", "Imran", "Isla", "Jamal", "Jun", "Kasia", "Lakshmi", "Leon", "Maeve", "Marek", "Mei", "Niamh", "Nikhil",
    "Olivia", "Oscar", "Paloma", "Rhys", "Rosa", "Sanjay", "Sinead", "Stefan", "Tariq", "Theo", "Uma", "Wanjiru",
    "Yasmin", "Yusuf", "Zofia",
)  # fmt: skip

LAST_NAMES = (
    "Adeyemi", "Ahmed", "Bailey", "Banerjee", "Carrick", "Chen", "Costa", "Davies", "Demir", "Evans", "Farrell",
    "Fernandez", "Gill", "Hall", "Hughes", "Iyer", "Jansen", "Kamara", "Kelly", "Kowalski", "Lewis", "Malik", "Mensah",
    "Mistry", "Murphy", "Novak", "Osei", "Patel", "Pereira", "Quinn", "Reid", "Schmidt", "Sharma", "Singh", "Tanaka",
    "Walsh", "Ward", "Wright", "Yilmaz", "Young",
)  # fmt: skip

STREETS = (
    "Mill Lane", "Station Road", "Church Street", "The Green", "Orchard Way", "Castle Hill", "Bridge Street",
    "Victoria Road", "Chapel Row", "Harbour View", "Elm Grove", "Kiln Lane", "Market Place", "Weavers Close",
    "Priory Avenue", "Foundry Yard", "Beech Drive", "Quay Street", "Hawthorn Crescent", "Long Acre",
)  # fmt: skip

TOWNS = ("Fernhill", "Upper Marsh", "Combe Regis", "Saltby", "Great Larkfield", "Ottery Cross", "Wrenford", "Holmbeck")
