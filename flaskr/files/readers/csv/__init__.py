"""Read CSV: with Arrow where that is safe, else with a strict parser."""
