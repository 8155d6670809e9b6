"""From a target's requirements to its resolution: the ecosystem's rules, between the index and the solver."""
