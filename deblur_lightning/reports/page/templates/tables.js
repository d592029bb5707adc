"use strict";
// A table wider than its screen says so, and shows an edge where more follows.
for (const table of document.querySelectorAll(".table")) {
  const scroll = table.querySelector(".scroll");
  const tell = () => {
    table.classList.toggle("wide", scroll.scrollWidth > scroll.clientWidth + 1);
    table.classList.toggle("more", scroll.scrollLeft + scroll.clientWidth < scroll.scrollWidth - 1);
  };
  scroll.addEventListener("scroll", tell, { passive: true });
  new ResizeObserver(tell).observe(scroll);
}
