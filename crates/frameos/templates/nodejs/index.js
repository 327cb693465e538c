"use strict";

// FrameOS calls this function with the inputs that manifest.json declares. What it returns must fit the outputs declared there.
module.exports = async (inputs, ctx) => {
  ctx.log(`greeting ${inputs.name}`);
  const greetings = [];
  for (let done = 0; done < inputs.times; done += 1) {
    greetings.push(`Hello, ${inputs.name}!`);
    ctx.progress((done + 1) / inputs.times, "greeting");
  }
  const greeting = greetings.join(" ");
  return { greeting, length: [...greeting].length };
};
