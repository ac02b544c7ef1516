"""Events to answers: sessions, sources, networks, breaches, campaigns."""
