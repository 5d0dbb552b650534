"""The parts that pages share: request hooks, forms, filters, paging and template filters."""
