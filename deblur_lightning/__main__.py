"""``python -m deblur_lightning`` is ``lightning``, also where another package owns that command."""

from deblur_lightning.lightning_cli.main import main

if __name__ == "__main__":
    main()
