"""The invented company: what it sells, how its devices behave, and the labels of the triage job.

Everything that depends on a product (what it can do, how it misbehaves, when it is dangerous) stands here, so that
a sentence about one device never speaks of another's features. Symptoms are all mild on purpose: how pressing a
message is must come from what it says about consequences and time, never from the symptom.
"""

from __future__ import annotations

from dataclasses import dataclass

INTENTS = ("delivery", "cancel", "refund", "replacement", "how_to", "fault", "billing", "account")
URGENCIES = ("low", "normal", "high")


def lines(text: str) -> tuple[str, ...]:
    """Split a block of text into its non-empty lines, stripped."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


@dataclass(frozen=True)
class Product:
    """One device. Every phrase fits the slot that its comment names."""

    name: str
    kind: str  # "my <kind>"; Wrenholt sells one device of each kind, so the kind names the product
    short_kind: str  # "my <name> <short_kind>"
    typos: tuple[str, ...]
    symptoms: tuple[str, ...]  # "it <symptom>"
    tasks: tuple[str, ...]  # "how do I <task> on my <name>"
    defects: tuple[str, ...]  # "it <defect>": damage that was there when it arrived
    dangers: tuple[str, ...]  # whole sentences, always high urgency


PRODUCTS = (
    Product(
        name="Pilo",
        kind="bedside lamp",
        short_kind="lamp",
        typos=("Pillo", "Piloo"),
        symptoms=lines("""
            flickers whenever I dim it
            won't pair with the app
            turns itself on at odd hours
            stays blue whatever colour I pick
            drops off the wifi every evening
            hums on the lowest setting
            goes dark after ten minutes
        """),
        tasks=lines("""
            set a slow wake-up light
            change the colour
            switch off the night mode
            save a bedtime scene
            limit the brightness
            set up a weekend timer
        """),
        defects=lines("""
            came with a broken shade
            arrived with a loose base
            turned up in the wrong colour
        """),
        dangers=lines("""
            The plug is hot and smells of burning.
            It sparked twice while my daughter was in bed beside it.
            The cable is melting at the wall.
        """),
    ),
    Product(
        name="Corvo",
        kind="doorbell camera",
        short_kind="doorbell",
        typos=("Corvvo", "Covro"),
        symptoms=lines("""
            records only the first second
            rings twice for every visitor
            shows a grey picture after dark
            misses people who come from the left
            sends its alerts an hour late
            loses the sound halfway through a call
            freezes on the live view
        """),
        tasks=lines("""
            change the chime
            save a clip
            draw the motion area
            turn off the night light
            share the live view
            swap the battery
        """),
        defects=lines("""
            came with a scratched lens
            arrived without its wall plate
            turned up with a cracked button
        """),
        dangers=lines("""
            Its battery is swelling and too hot to touch.
            Somebody is talking to my children through it right now.
            There is smoke behind the wall plate.
        """),
    ),
    Product(
        name="Tamsi",
        kind="thermostat",
        short_kind="thermostat",
        typos=("Tamsy", "Tasmi"),
        symptoms=lines("""
            is always two degrees off
            skips the evening schedule
            shows a blank screen after each update
            clicks all night
            jumps back to manual mode
            forgets the weekend settings
            reads the wrong room
        """),
        tasks=lines("""
            plan a holiday schedule
            switch to Fahrenheit
            lock the screen
            set a night temperature
            rename a room
            add a second sensor
        """),
        defects=lines("""
            came with a cracked screen
            arrived without its back plate
            turned up with a bent dial
        """),
        dangers=lines("""
            The house is down to nine degrees and we have a newborn.
            The heating is stuck on full and the boiler is banging.
            My mother is ninety and she is sitting in the cold.
        """),
    ),
    Product(
        name="Odri",
        kind="speaker",
        short_kind="speaker",
        typos=("Ordi", "Oddri"),
        symptoms=lines("""
            crackles at low volume
            stops playing after one song
            keeps losing the bluetooth link
            answers when nobody speaks
            plays on the left side only
            repeats its welcome tune
            cuts off the first word
        """),
        tasks=lines("""
            pair a second phone
            turn down the voice prompts
            set an alarm
            link two rooms
            change the wake word
            boost the bass
        """),
        defects=lines("""
            arrived with a torn cover
            came without its cable
            turned up with a dent in the top
        """),
        dangers=lines("""
            Smoke is coming out of the back.
            The charger is so hot that it has burnt the shelf.
            It gave my son an electric shock.
        """),
    ),
    Product(
        name="Veska",
        kind="robot vacuum",
        short_kind="vacuum",
        typos=("Vesca", "Veksa"),
        symptoms=lines("""
            gets stuck under the sofa
            spins in circles
            never finds its dock
            leaves a stripe in the middle
            skips the kitchen
            stops after five minutes
            drags the mat around
        """),
        tasks=lines("""
            draw a no-go line
            empty the dust box
            clean a single room
            wash the filter
            use quiet mode
            delete an old map
        """),
        defects=lines("""
            came with a snapped wheel
            arrived without its dock
            turned up with a cracked lid
        """),
        dangers=lines("""
            It throws sparks each time it docks.
            The battery is leaking on the floor where our toddler plays.
            There was a small flame under the dock just now.
        """),
    ),
    Product(
        name="Lirra",
        kind="door lock",
        short_kind="lock",
        typos=("Lira", "Lirrra"),
        symptoms=lines("""
            beeps twice at every turn
            shows the wrong battery level
            forgets its guest codes
            needs three tries to read my thumb
            blinks orange all day
            logs the wrong time
            drops out of the app
        """),
        tasks=lines("""
            add a guest code
            change the beep
            set the auto-lock delay
            remove an old code
            read the door log
            pair a second key tag
        """),
        defects=lines("""
            came without its key tags
            arrived with a bent bolt
            turned up with two screws missing
        """),
        dangers=lines("""
            I am locked out and standing in the rain.
            The front door will not close and I am alone here.
            My little boy is shut inside and I cannot get to him.
        """),
    ),
    Product(
        name="Brumo",
        kind="humidifier",
        short_kind="humidifier",
        typos=("Brummo", "Burmo"),
        symptoms=lines("""
            gurgles all night
            leaves a wet ring on the shelf
            says the tank is empty when it is full
            smells of plastic
            switches off after a minute
            makes hardly any mist
            shows the filter light after every refill
        """),
        tasks=lines("""
            set the mist level
            clean the tank
            change the filter
            turn off the display
            set a night timer
            use the scent tray
        """),
        defects=lines("""
            arrived with a leaking tank
            came without its filter
            turned up with a chipped lid
        """),
        dangers=lines("""
            Water is running into the socket.
            The mist is making my baby choke.
            It is steaming hot and the case is melting.
        """),
    ),
)

BY_NAME = {product.name: product for product in PRODUCTS}
PRODUCT_LABELS = (*BY_NAME, "none")

INSTRUCTION = (
    f"Triage as JSON. intent: {', '.join(INTENTS)}. urgency: {', '.join(URGENCIES)}. "
    f"product: {', '.join(PRODUCT_LABELS)}. reply: one sentence."
)
"""The system message of every row: the fields and their allowed values, and nothing else."""
