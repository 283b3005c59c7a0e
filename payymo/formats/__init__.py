"""How Django writes days and moments by itself: in the rows of the staff console, as `shared/figures.py` elsewhere."""
