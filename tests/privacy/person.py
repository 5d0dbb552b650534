"""What the book knows about one person."""

TEXTS = {
    "payee": "Rörmokare Quistgaard-Ek",
    "payee_reference": "F-55120-QX",
    "note": "Paid to the brother of Zorn Exampelmark",
}
NAME, SAID = "Åsa Utterström-Qvarnfors", "The washing machine of Zorn Exampelmark leaked"
