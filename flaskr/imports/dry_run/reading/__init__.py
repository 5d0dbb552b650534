"""From a file to rows in the staging database: titles, columns, cells, and their faults."""
