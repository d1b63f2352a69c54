// Gives a Markdown textarea its toolbar and a preview that the server renders. Without this it is a textarea.
const { EasyMDE } = window;

for (const area of EasyMDE ? document.querySelectorAll('[data-behaviour~="markdown-editor"]') : []) {
  const labels = JSON.parse(area.dataset.labels);
  // writing.css draws the signs: whoever hears the page hears the title.
  const button = (name, action) => ({ name, action, icon: "", title: labels[name], noDisable: name === "preview" });

  const count = (place) => { place.textContent = labels.words.replace("{number}", (area.value.match(/\S+/gu) ?? []).length); };

  const editor = new EasyMDE({
    element: area,
    // Both would be fetched from somebody else's server.
    autoDownloadFontAwesome: false,
    spellChecker: false,
    nativeSpellcheck: true,
    inputStyle: "contenteditable",
    forceSync: true,
    status: [{ className: "desk-words", defaultValue: count, onUpdate: count }],
    shortcuts: { toggleFullScreen: null, toggleSideBySide: null },
    minHeight: "24rem",
    previewRender: (text, pane) => {
      render(text).then((html) => { pane.innerHTML = html; });
      return labels.wait;
    },
    toolbar: [
      button("bold", EasyMDE.toggleBold),
      button("italic", EasyMDE.toggleItalic),
      button("heading", EasyMDE.toggleHeadingSmaller),
      "|",
      button("quote", EasyMDE.toggleBlockquote),
      button("list", EasyMDE.toggleUnorderedList),
      button("numbers", EasyMDE.toggleOrderedList),
      button("link", EasyMDE.drawLink),
      "|",
      button("preview", EasyMDE.togglePreview),
    ],
  });
  // Tab leaves the field, as everywhere else: a keyboard must not be caught in it.
  editor.codemirror.setOption("extraKeys", { ...editor.codemirror.getOption("extraKeys"), Tab: false, "Shift-Tab": false });
  const field = editor.codemirror.getInputField();
  field.setAttribute("role", "textbox");
  field.setAttribute("aria-multiline", "true");
  field.setAttribute("aria-label", labels.field);
  editor.codemirror.on("change", () => area.dispatchEvent(new Event("input", { bubbles: true })));

  async function render(text) {
    const body = new FormData();
    body.set("body", text);
    body.set("locale", area.form.elements.locale?.value ?? "en");
    body.set("csrfmiddlewaretoken", area.form.elements.csrfmiddlewaretoken.value);
    const answer = await fetch(area.dataset.render, { method: "POST", body });
    // What comes back has passed both walls of briefing.archive.markdown.
    return answer.ok && !answer.redirected ? answer.text() : labels.failed;
  }
}
