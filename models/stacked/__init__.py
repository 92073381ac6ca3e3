"""Many models of one shape as one: parameters stacked along a first axis, layers that know it."""
