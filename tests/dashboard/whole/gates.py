"""What a page must hold in the browser besides the rules of axe: nothing hidden, nothing too wide, nothing lost."""

# What is wider than the screen, and words that leave their own box.
TOO_WIDE = """() => {
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    const boxes = document.querySelectorAll(
        'h1, h2, .btn, .nav-link, .pm-chip, label, legend, dt, .navbar-content, .pm-actions, .pm-undo, .pm-banner');
    const out = [...boxes].filter(each => {
        const style = getComputedStyle(each);
        return each.offsetParent && style.overflowX === 'visible' && style.display !== 'inline'
            && each.clientWidth > 0 && each.scrollWidth > each.clientWidth + 1;
    });
    return [...(wide > 0 ? ['page by ' + wide + ' px'] : []),
        ...out.slice(0, 4).map(each => each.tagName + ': ' + each.textContent.trim().slice(0, 60))];
}"""
# Each thing that takes the focus takes it, downwards and upwards again: none of it lies wholly under something else.
# Source: WCAG 2.2, 2.4.11 Focus Not Obscured (Minimum).
HIDDEN_FOCUS = """() => {
    const every = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
        .filter(each => each.checkVisibility({visibilityProperty: true}) && !each.disabled && each.tabIndex >= 0
            && !each.closest('[inert]'));
    const name = each => each.tagName + ': ' + (each.textContent.trim() || each.name || each.id).slice(0, 40);
    const shown = each => {
        const boxes = [each, ...(each.labels || [])].flatMap(own => [...own.getClientRects()]);
        return boxes.some(box => [0.1, 0.5, 0.9].some(across => [0.1, 0.5, 0.9].some(down => {
            const hit = document.elementFromPoint(box.x + box.width * across, box.y + box.height * down);
            return hit && (each.contains(hit) || hit.contains(each) && !hit.matches('html, body, main')
                || [...(each.labels || [])].some(label => label.contains(hit)));
        })));
    };
    const hidden = new Set();
    for (const each of [...every, ...every.toReversed()]) {
        each.focus();
        if (document.activeElement === each && !shown(each)) hidden.add(name(each));
    }
    document.activeElement.blur(); scrollTo(0, 0);
    return [...hidden].slice(0, 4);
}"""
# Somebody who wants no motion gets none.
MOVING = """() => [...document.querySelectorAll('*')].filter(each => {
    const style = getComputedStyle(each);
    return [style.transitionDuration, style.animationDuration].some(time => /[1-9]/.test(time))
        || style.scrollBehavior === 'smooth';
}).slice(0, 4).map(each => each.tagName + '.' + each.className)"""
# Where the system gives the colours, grounds and shadows are gone: a part needs an edge, a tick and a bar the system's.
EDGELESS = """() => {
    const boxed = '.btn:not(.btn-link), .form-control, .form-check-input, .form-select, .pm-chip, .pm-filter-chip,'
        + '.pm-banner, .pm-note, .pm-undo, .pm-menu, .pm-sheet, .pm-sum, .pm-bell-count, .pm-step-mark';
    const drawn = '.form-check-input, .form-select';
    const current = '[aria-current="true"], .nav-item.active > .nav-link, [aria-pressed="true"]';
    const shown = each => each.checkVisibility() || each.matches('[popover]');
    const every = selector => [...document.querySelectorAll(selector)].filter(shown);
    const name = each => each.tagName + '.' + each.className;
    const look = each => getComputedStyle(each).appearance;
    const thick = (each, side) => parseFloat(getComputedStyle(each)[side]);
    return [...new Set([
        ...every(boxed).filter(each => !thick(each, 'borderBottomWidth') && look(each) === 'none'),
        ...every(drawn).filter(each => look(each) === 'none'),
        ...every(current).filter(each => thick(each, 'borderInlineStartWidth') < 3),
        ...every('progress').filter(each => getComputedStyle(each).forcedColorAdjust !== 'none'),
    ].map(name))].slice(0, 4);
}"""
# The colours of a mode, each pair of text and ground once: what an earlier page has shown is not looked at again.
CONTRAST = """([mode, known]) => {
    const root = document.documentElement, before = root.dataset.bsTheme, pairs = new Map();
    // The second is that of Django's admin.
    root.dataset.bsTheme = root.dataset.theme = mode;
    const back = () => { root.dataset.bsTheme = before; root.dataset.theme = 'auto'; };
    const ground = each => {
        const own = getComputedStyle(each);
        return own.backgroundColor.endsWith(', 0)') && each.parentElement
            ? ground(each.parentElement) : own.backgroundColor + own.backgroundImage;
    };
    for (const each of document.body.querySelectorAll('*')) {
        if (![...each.childNodes].some(node => node.nodeType === 3 && node.data.trim()) && !each.placeholder) continue;
        if (each.closest('script, template') || !each.checkVisibility()) continue;
        const style = getComputedStyle(each);
        const own = [style.color, style.fontSize, style.fontWeight, style.opacity, each.className];
        const pair = [...own, ground(each)].join();
        if (!known.includes(pair)) pairs.set(pair, each);
    }
    if (!pairs.size) { back(); return {pairs: [], wrong: []}; }
    return axe.run({include: [...pairs.values()]}, {
        runOnly: {type: 'rule', values: ['color-contrast', 'link-in-text-block']}, resultTypes: ['violations'],
        preload: false,
    }).then(found => ({pairs: [...pairs.keys()], wrong: found.violations.flatMap(
        each => each.nodes.slice(0, 3).map(node => node.html.slice(0, 140)))})).finally(back);
}"""
# On paper: whose page it is and of when, nothing that only a screen can use, and the light colours always.
ON_PAPER = """() => {
    const root = document.documentElement, before = root.dataset.bsTheme;
    const shown = [...document.querySelectorAll('main *')].filter(each => each.checkVisibility());
    const look = mode => {
        root.dataset.bsTheme = mode;
        return shown.map(each => getComputedStyle(each)).map(own => own.color + own.backgroundColor + own.fill);
    };
    const [light, dark] = [look('light'), look('dark')];
    root.dataset.bsTheme = before;
    const only = '.sidebar, header.navbar, .footer, .pm-filters, .pm-pager, .btn';
    return [
        ...[...document.querySelectorAll(only)].filter(each => each.checkVisibility()).map(each => each.className),
        ...shown.filter((each, place) => light[place] !== dark[place]).map(each => 'dark: ' + each.outerHTML),
        ...(document.querySelector('.pm-print-head')?.checkVisibility() ? [] : ['no head']),
    ].slice(0, 5).map(each => each.slice(0, 90));
}"""
LARGE_TEXT = "document.documentElement.style.fontSize = '200%'"
