from .results import Result as Result
from .results import append_result as append_result
from .results import file_hash as file_hash
from .results import latest_results as latest_results
from .results import read_results as read_results
from .results import read_rows as read_rows
from .results import source_commit as source_commit
from .whole_files import whole_file as whole_file
