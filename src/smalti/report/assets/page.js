(function () {
  "use strict";
  var tip = document.getElementById("tip");
  document.querySelectorAll(".cells").forEach(function (cells) {
    cells.querySelectorAll("title").forEach(function (title) {
      title.parentNode.dataset.tip = title.textContent;
      title.remove();
    });
    function show(event) {
      var told = event.target.dataset && event.target.dataset.tip;
      if (!told) { tip.hidden = true; return; }
      tip.replaceChildren();
      told.split("; ").forEach(function (line) {
        var row = document.createElement("span");
        row.textContent = line;
        tip.appendChild(row);
      });
      tip.hidden = false;
      var wide = tip.offsetWidth, high = tip.offsetHeight, room = document.documentElement.clientWidth;
      tip.style.left = Math.max(8, Math.min(event.clientX + 14, room - wide - 8)) + "px";
      tip.style.top = (event.clientY > high + 24 ? event.clientY - high - 14 : event.clientY + 18) + "px";
    }
    cells.addEventListener("pointerover", show);
    cells.addEventListener("pointerdown", show);
    cells.addEventListener("pointerleave", function () { tip.hidden = true; });
  });
  addEventListener("scroll", function () { tip.hidden = true; }, { passive: true });
  var ways = document.querySelectorAll(".ways a");
  if (!("IntersectionObserver" in window)) { return; }
  var watch = new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      if (!entry.isIntersecting) { return; }
      ways.forEach(function (way) {
        var here = way.hash === "#" + entry.target.id;
        if (!here) { way.removeAttribute("aria-current"); return; }
        way.setAttribute("aria-current", "true");
        var list = way.closest("ul");
        list.scrollTo({ left: way.offsetLeft - list.clientWidth / 2 + way.clientWidth / 2 });
      });
    });
  }, { rootMargin: "-25% 0px -70% 0px" });
  document.querySelectorAll("main > section").forEach(function (part) { watch.observe(part); });
})();
