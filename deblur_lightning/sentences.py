"""From an error to the one line that tells a user what to mend."""


def sentence(error: Exception) -> str:
    """Say in one line what is wrong and what to do.

    Our own errors do. Those of the system get the file's name first and a remedy; one out of a loading process loses
    its traceback.
    """
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}. Check the path, its permissions and the space left."
    said = str(error)
    if said.startswith("Caught ") and "Original Traceback" in said:
        return said.rstrip().splitlines()[-1].partition(": ")[2]
    return said
