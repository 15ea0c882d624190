"""What a request asks, and what it is answered: endpoints, bodies, refusals."""
