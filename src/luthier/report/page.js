"use strict";
for (const box of document.querySelectorAll(".filter")) {
  const cards = document.querySelectorAll(".card"), buttons = box.querySelectorAll("button"), slices = box.querySelector("select");
  let status = "";
  const show = () => {
    for (const card of cards)
      card.hidden = (status && card.dataset.status !== status) || (slices && slices.value && card.dataset.slice !== slices.value);
  };
  for (const button of buttons)
    button.onclick = () => {
      status = button.dataset.show;
      for (const other of buttons) other.classList.toggle("on", other === button);
      show();
    };
  if (slices) slices.onchange = show;
}
