"""FrameOS calls main with the inputs that manifest.json declares. What it returns must fit the outputs declared there."""


def main(inputs, ctx):
    ctx.log(f"greeting {inputs['name']}")
    greetings = []
    for done in range(inputs["times"]):
        greetings.append(f"Hello, {inputs['name']}!")
        ctx.progress((done + 1) / inputs["times"], "greeting")
    greeting = " ".join(greetings)
    return {"greeting": greeting, "length": len(greeting)}
