/* Interface words that come from other packages' JavaScript and have no Korean there. */
(function () {
  const words = { copy: "복사", copy_to_clipboard: "클립보드에 복사", copy_success: "복사했습니다", copy_failure: "복사하지 못했습니다" };

  document.addEventListener("DOMContentLoaded", () => {
    // sphinx-copybutton keeps its words in a script-level constant; Korean is not among them and English is its default.
    if (typeof messages !== "undefined" && messages.en) Object.assign(messages.en, words);
    if (typeof iconCheck !== "undefined") iconCheck = iconCheck.replace("Copied!", words.copy_success);

    const translate = () => {
      document.querySelectorAll("button.copybtn").forEach((button) => {
        button.dataset.tooltip = words.copy;
        button.setAttribute("aria-label", words.copy);
      });
      // A region that scrolls sideways must be reachable by keyboard.
      document.querySelectorAll(".cell_output .output.text_html, .pst-scrollable-table-container, div.highlight pre, mjx-container[display]")
        .forEach((box) => { if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; });
    };
    // pandas aligns everything right; columns of words read better from the left.
    document.querySelectorAll(".output.text_html table").forEach((table) => {
      const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
      const isNumber = (cell) => /^[-−+]?[\d.,]*\s*(%|NaN)?$/.test(cell.textContent.trim());
      const width = Math.max(0, ...rows.map((row) => row.cells.length));
      for (let column = 0; column < width; column += 1) {
        const cells = rows.map((row) => row.cells[column]).filter(Boolean);
        if (cells.every(isNumber)) continue;
        const heads = [...(table.tHead ? table.tHead.rows : [])].map((row) => row.cells[column]).filter(Boolean);
        [...cells, ...heads].forEach((cell) => cell.classList.add("text"));
      }
    });
    translate();
    window.addEventListener("load", translate);
  });
})();
