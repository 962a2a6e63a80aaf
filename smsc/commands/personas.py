"""``smsc personas``: the ready operator profiles of the package."""

from __future__ import annotations

import rich_click as click

from smsc.commands.refusing import refuse


@click.command()
@click.argument("name", required=False)
@click.option("--paths", is_flag=True, help="Where the files are, one a line.")
def personas(name: str | None, paths: bool) -> None:
    """List the ready operator profiles, or show the one called NAME as YAML.

    A scenario takes one with `persona: NAME`; whatever else it says about the operator overrides the profile.
    Exit codes: 0, or 2 when there is no such profile.
    """
    from smsc.scenario.personas import find_persona, persona_files
    from smsc.scenario.personas import personas as all_personas

    if name is not None:
        try:
            click.echo(find_persona(name, None).read_text(encoding="utf-8"), nl=False)
        except (ValueError, OSError) as error:
            refuse(str(error))
    elif paths:
        for path in persona_files():
            click.echo(str(path))
    else:
        found = all_personas()
        width = max(len(persona.persona) for persona in found)
        for persona in found:
            click.echo(f"{persona.persona:<{width}}  {persona.about}")
