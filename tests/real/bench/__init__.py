"""A real mail server under real attacks, from the first knock to the ban and back."""
