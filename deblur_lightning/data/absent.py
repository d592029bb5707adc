"""The error that a folder holds nothing of a data set, told apart from one that holds it in part."""


class AbsentError(FileNotFoundError):
    """A folder holds nothing of the data set that was looked for, so it may be another."""
