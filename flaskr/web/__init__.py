"""What every page stands on: request hooks, forms, filters, paging and templating."""
