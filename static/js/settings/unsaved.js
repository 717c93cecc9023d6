/* Which forms of a moderator's page hold something that would be lost. */
const isEdited = each => each.type === 'checkbox' || each.type === 'radio' ? each.checked !== each.defaultChecked
  : each.localName === 'select' ? [...each.options].some(option => option.selected !== option.defaultSelected) &&
    [...each.options].some(option => option.defaultSelected)
  : /^(input|textarea)$/.test(each.localName) && each.type !== 'hidden' && each.value !== each.defaultValue;
const isTick = each => each.classList.contains('entry__tick');
export const isUnsaved = form => 'unsaved' in form.dataset || [...form.elements].some(each => each.name && !isTick(each) && isEdited(each));
