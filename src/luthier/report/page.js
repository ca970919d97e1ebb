"use strict";
for (const box of document.querySelectorAll(".filter")) {
  const cards = document.querySelectorAll(".card"), buttons = box.querySelectorAll("button"), slices = box.querySelector("select");
  let status = "";
  const show = () => {
    const seen = {};
    for (const card of cards) {
      const { status: its, slice } = card.dataset;
      const wanted = (!status || its === status) && (!slices || !slices.value || slice === slices.value);
      seen[its] = (seen[its] || 0) + wanted;
      card.hidden = !wanted || (!status && seen[its] > 3);
    }
  };
  for (const button of buttons)
    button.onclick = () => {
      status = button.dataset.show;
      for (const other of buttons) other.classList.toggle("on", other === button);
      show();
    };
  if (slices) slices.onchange = show;
  show();
}
