"""What whoever runs the book needs: the check of the whole book."""
