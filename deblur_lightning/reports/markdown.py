"""What people named, as GitHub's Markdown takes it."""


def markdown_cell(text: str) -> str:
    """Write a text as one cell of a table, which a bar would divide."""
    return text.replace("|", r"\|")
